#include "engine/segment/salvage.h"

#include <algorithm>

#include "engine/base/aligned.h"
#include "engine/io/transfer.h"
#include "engine/segment/geometry.h"

namespace reel {
namespace {

using format::ChunkHead;

constexpr uint64_t kWindowBytes = 1U << 20;

// A view of the file that reads ahead and remembers one window.
class Window {
 public:
  Window(File& file, uint64_t end_bytes) : file_(file), end_bytes_(end_bytes) {}

  // The bytes [offset, offset + size), size within the file's data; empty if the device refuses them.
  ByteSpan At(uint64_t offset_bytes, uint64_t size_bytes) {
    if (offset_bytes < begin_ || offset_bytes + size_bytes > begin_ + filled_) {
      if (!Fill(offset_bytes, size_bytes)) return {};
    }
    return ByteSpan(buffer_.span()).subspan(offset_bytes - begin_, size_bytes);
  }

 private:
  bool Fill(uint64_t offset_bytes, uint64_t size_bytes) {
    const uint64_t want = std::min(std::max(kWindowBytes, RoundUp(size_bytes, format::kBlockBytes)), end_bytes_ - offset_bytes);
    if (buffer_.size() < want) buffer_ = AlignedBytes(want);
    begin_ = offset_bytes;
    filled_ = want;
    if (ReadExactly(file_, offset_bytes, buffer_.span().first(want)).ok()) return true;
    // One bad sector must not hide its neighbours: fall back to just what was asked for.
    filled_ = RoundUp(size_bytes, format::kBlockBytes);
    if (filled_ < want && ReadExactly(file_, offset_bytes, buffer_.span().first(filled_)).ok()) return true;
    filled_ = 0;
    return false;
  }

  File& file_;
  uint64_t end_bytes_;
  AlignedBytes buffer_;
  uint64_t begin_ = 0;
  uint64_t filled_ = 0;
};

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
        window_(file, header.footer_offset_bytes) {}

  void Run() {
    uint64_t at = geometry_.data_begin_bytes();
    while (at + format::kBlockBytes <= header_.footer_offset_bytes) {
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
    ByteSpan bytes = window_.At(at, format::kBlockBytes);
    if (bytes.empty()) {
      ++report_.unreadable_blocks;
      return 0;
    }
    const uint32_t head_bytes = format::PeekHeadBytes(bytes, header_.uid);
    if (head_bytes == 0 || at + head_bytes > header_.footer_offset_bytes) return 0;
    bytes = window_.At(at, head_bytes);
    if (bytes.empty()) return 0;
    const Result<ChunkHead> head = format::DecodeChunkHead(bytes, header_.uid, at);
    if (!head.ok() || head->place.epoch != header_.epoch || head->place.seq.value == 0 ||
        head->place.chunk_bytes % format::kBlockBytes != 0 ||
        at + head->place.chunk_bytes > header_.footer_offset_bytes) {
      return 0;
    }
    // The head is as written, so what it says is acknowledged was, whatever became of the payload.
    report_.durable_seq = std::max(report_.durable_seq, head->place.durable_seq);
    const ByteSpan chunk = window_.At(at, head->place.chunk_bytes);
    if (chunk.empty() || !format::VerifyChunk(*head, chunk).ok()) return 0;
    accepted_.push_back({format::RowOf(*head), format::ContentIdOf(*head, chunk), head->place.header_crc32c,
                         head->place.chain});
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
      if (report_.lost_acknowledged.size() < SalvageReport::kMaxListed) report_.lost_acknowledged.push_back({seq});
    }
  }

  const format::SegmentHeader& header_;
  SegmentGeometry geometry_;
  Window window_;
  std::vector<Accepted> accepted_;
  SalvageReport report_;
};

}  // namespace

Result<SalvageReport> Salvage(File& file, const format::SegmentHeader& header, ChunkSeq known_durable_seq) {
  if (file.size_bytes() < header.segment_bytes) {
    return DataLoss("segment file is " + std::to_string(file.size_bytes()) + " bytes long, its header says " +
                    std::to_string(header.segment_bytes));
  }
  Scanner scanner(file, header);
  scanner.Run();
  return scanner.Report(known_durable_seq);
}

}  // namespace reel
