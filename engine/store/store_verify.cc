// Looking after what is stored: every chunk read and checked.
#include <algorithm>
#include <numeric>

#include "engine/segment/file_window.h"
#include "engine/store/store_impl.h"

namespace reel {
namespace {

// One read for many small chunks: on a disk that records, each read waits for the head to come.
constexpr uint64_t kVerifyReadBytes = 1U << 20;

// Of a segment with a footer: the chunk as the footer names it.
Status CheckChunk(FileWindow* window, const format::SegmentHeader& header,
                  const format::ChunkRow& row, const ContentId& id) {
  const uint64_t end_bytes = header.footer_offset_bytes;
  const bool fits = row.offset_bytes % format::kBlockBytes == 0 && row.offset_bytes <= end_bytes &&
                    row.chunk_bytes <= end_bytes - row.offset_bytes;
  if (!fits) return DataLoss("a chunk that stands nowhere");
  REEL_ASSIGN_OR_RETURN(const ByteSpan bytes, window->At(row.offset_bytes, row.chunk_bytes));
  REEL_ASSIGN_OR_RETURN(const format::ChunkHead head,
                        format::DecodeChunkHead(bytes, header.uid, row.offset_bytes));
  REEL_RETURN_IF_ERROR(format::VerifyChunk(head, bytes));
  if (format::ContentIdOf(head, bytes) == id) return OkStatus();
  return DataLoss("content does not match its content id");
}

// Rows of a footer as their chunks stand in the file, by number.
std::vector<size_t> ByOffset(const std::vector<format::ChunkRow>& rows) {
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return rows[a].offset_bytes < rows[b].offset_bytes; });
  return order;
}

}  // namespace

Result<Store::VerifyReport> StoreImpl::Verify(const VerifyOptions& options) {
  if (!options.problem) return InvalidArgument("VerifyOptions::problem is not set");
  VerifyReport total;
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    SegmentPool* pool = slot->pool();
    if (pool == nullptr) {
      ++total.problems;
      options.problem("volume " + slot->node.path + " is away: " + slot->away.message());
      continue;
    }
    for (const std::string& path : pool->DamagedFiles()) {
      ++total.problems;
      options.problem(slot->node.path + "/" + path + ": neither copy of its header can be read");
    }
    const auto from = options.checked.find(slot->node.number);
    for (const SegmentPool::Opened& life : pool->Lives()) {
      const SegmentSerial serial = life.header.serial;
      if (from != options.checked.end() && serial <= from->second) continue;
      if (!VerifySegment(*slot, life.header, options, &total)) {
        total.stopped = true;
        return total;
      }
      if (options.segment_done) options.segment_done(slot->node.number, serial);
    }
  }
  return total;
}

// False: told to stop.
bool StoreImpl::VerifySegment(VolumeSlot& slot, const format::SegmentHeader& header,
                              const VerifyOptions& options, VerifyReport* total) {
  const std::string name = slot.node.path + " segment " + std::to_string(header.serial.value);
  const auto problem = [&](const std::string& what) {
    ++total->problems;
    options.problem(name + ": " + what);
  };
  const auto count = [&](const format::ChunkRow& row) {
    ++total->chunks;
    total->bytes += row.chunk_bytes;
    return !options.pace || options.pace(row.chunk_bytes);
  };
  const Result<SegmentLease> lease = slot.pool()->Lease(header.serial);
  if (!lease.ok()) return true;  // recycled meanwhile
  ++total->segments;
  const Result<std::optional<format::Footer>> footer = ReadFooter(lease->file(), lease->header());
  if (!footer.ok()) {
    problem(footer.status().message());
    return true;
  }
  if (!footer->has_value()) {
    const std::optional<SegmentPool::Opened> now = slot.pool()->Find(header.serial);
    if (now && now->state == SegmentPool::FileState::kOpen) return true;  // being written
    const Result<SalvageReport> salvage = Salvage(lease->file(), lease->header(), {});
    if (!salvage.ok()) {
      problem(salvage.status().message());
      return true;
    }
    if (salvage->damaged()) {
      problem(std::to_string(salvage->lost_acknowledged_count) +
              " acknowledged chunks are missing, " + std::to_string(salvage->broken_links) +
              " links broken, " + std::to_string(salvage->unreadable_blocks) +
              " blocks unreadable");
    }
    return std::all_of(salvage->rows.begin(), salvage->rows.end(), count);
  }
  FileWindow window(lease->file(), lease->header().footer_offset_bytes, kVerifyReadBytes);
  for (const size_t i : ByOffset((*footer)->rows)) {
    const format::ChunkRow& row = (*footer)->rows[i];
    const Status status = CheckChunk(&window, lease->header(), row, (*footer)->content_ids[i]);
    if (!status.ok()) {
      problem("stream " + ToString(row.stream) + ", " + FormatWall(row.wall_begin) + " to " +
              FormatWall(row.wall_end) + ", offset " + std::to_string(row.offset_bytes) + ": " +
              status.message());
    }
    if (!count(row)) return false;
    if (slot.pool()->IsVacating(header.serial)) return true;  // recycled once it is let go
  }
  return true;
}

}  // namespace reel
