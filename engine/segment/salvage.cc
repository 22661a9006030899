#include "engine/segment/salvage.h"

#include <algorithm>

#include "engine/segment/file_window.h"
#include "engine/segment/geometry.h"

namespace reel {
namespace {

using format::ChunkHead;

constexpr uint64_t kReadAheadBytes = 1U << 20;

struct Accepted {
  format::ChunkRow row;
  ContentId content_id;
  uint32_t header_crc32c;
  uint32_t chain;
};

class Scanner {
 public:
  Scanner(File& file, const format::SegmentHeader& header)
      : header_(header),
        geometry_{header.segment_bytes, header.granule_bytes},
        window_(file, header.footer_offset_bytes, kReadAheadBytes) {}

  void Run(const std::function<void()>& between) {
    uint64_t at = geometry_.data_begin_bytes();
    uint64_t next_step = at + kSalvageStepBytes;
    while (at + format::kBlockBytes <= header_.footer_offset_bytes) {
      if (between && at >= next_step) {
        between();
        next_step = at + kSalvageStepBytes;
      }
      const uint64_t size = TryChunk(at);
      at += size == 0 ? format::kBlockBytes : size;
    }
    std::sort(accepted_.begin(), accepted_.end(),
              [](const Accepted& a, const Accepted& b) { return a.row.seq < b.row.seq; });
  }

  SalvageReport Report(ChunkSeq known_durable_seq) {
    report_.durable_seq = std::max(report_.durable_seq, known_durable_seq);
    ChunkSeq expected{1};
    const Accepted* before = nullptr;
    for (const Accepted& chunk : accepted_) {
      if (before != nullptr && chunk.row.seq == before->row.seq) {
        ++report_.broken_links;
        continue;
      }
      CountHoles(expected, chunk.row.seq);
      const bool neighbours = before != nullptr && before->row.seq.value + 1 == chunk.row.seq.value;
      if (neighbours && chunk.chain != before->header_crc32c) ++report_.broken_links;
      report_.rows.push_back(chunk.row);
      report_.content_ids.push_back(chunk.content_id);
      expected = {chunk.row.seq.value + 1};
      before = &chunk;
    }
    CountHoles(expected, {report_.durable_seq.value + 1});
    return std::move(report_);
  }

 private:
  // Bytes of the chunk accepted at `at`, 0 if there is none.
  uint64_t TryChunk(uint64_t at) {
    Result<ByteSpan> bytes = window_.At(at, format::kBlockBytes);
    if (!bytes.ok()) {
      ++report_.unreadable_blocks;
      return 0;
    }
    const uint32_t head_bytes = format::PeekHeadBytes(*bytes, header_.uid);
    if (head_bytes == 0 || at + head_bytes > header_.footer_offset_bytes) return 0;
    bytes = window_.At(at, head_bytes);
    if (!bytes.ok()) return 0;
    const Result<ChunkHead> head = format::DecodeChunkHead(*bytes, header_.uid, at);
    if (!head.ok() || head->place.epoch != header_.epoch || head->place.seq.value == 0 ||
        head->place.chunk_bytes % format::kBlockBytes != 0 ||
        at + head->place.chunk_bytes > header_.footer_offset_bytes) {
      return 0;
    }
    // The head is as written, so what it says is acknowledged was, whatever became of the payload.
    report_.durable_seq = std::max(report_.durable_seq, head->place.durable_seq);
    const Result<ByteSpan> chunk = window_.At(at, head->place.chunk_bytes);
    if (!chunk.ok() || !format::VerifyChunk(*head, *chunk).ok()) return 0;
    accepted_.push_back({format::RowOf(*head), format::ContentIdOf(*head, *chunk),
                         head->place.header_crc32c, head->place.chain});
    return head->place.chunk_bytes;
  }

  // Seqs in [begin, end) are missing.
  void CountHoles(ChunkSeq begin, ChunkSeq end) {
    for (uint32_t seq = begin.value; seq < end.value; ++seq) {
      if (seq > report_.durable_seq.value) {
        report_.never_acknowledged_count += end.value - seq;
        return;
      }
      ++report_.lost_acknowledged_count;
      if (report_.lost_acknowledged.size() < SalvageReport::kMaxListed)
        report_.lost_acknowledged.push_back({seq});
    }
  }

  const format::SegmentHeader& header_;
  SegmentGeometry geometry_;
  FileWindow window_;
  std::vector<Accepted> accepted_;
  SalvageReport report_;
};

}  // namespace

Result<SalvageReport> Salvage(File& file, const format::SegmentHeader& header,
                              ChunkSeq known_durable_seq, const std::function<void()>& between) {
  if (file.size_bytes() < header.segment_bytes) {
    return DataLoss("segment file is " + std::to_string(file.size_bytes()) +
                    " bytes long, its header says " + std::to_string(header.segment_bytes));
  }
  Scanner scanner(file, header);
  scanner.Run(between);
  return scanner.Report(known_durable_seq);
}

}  // namespace reel
