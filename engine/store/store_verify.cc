// Looking after what is stored: every chunk read and checked.
#include <algorithm>

#include "engine/base/aligned.h"
#include "engine/io/transfer.h"
#include "engine/store/store_impl.h"

namespace reel {
namespace {

// Of a segment with a footer: the chunk as the footer names it.
Status CheckChunk(const SegmentLease& lease, const format::ChunkRow& row, const ContentId& id) {
  AlignedBytes bytes(row.chunk_bytes);
  REEL_RETURN_IF_ERROR(ReadExactly(lease.file(), row.offset_bytes, bytes.span()));
  REEL_ASSIGN_OR_RETURN(
      const format::ChunkHead head,
      format::DecodeChunkHead(bytes.span(), lease.header().uid, row.offset_bytes));
  REEL_RETURN_IF_ERROR(format::VerifyChunk(head, bytes.span()));
  if (format::ContentIdOf(head, bytes.span()) == id) return OkStatus();
  return DataLoss("content does not match its content id");
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
  for (size_t i = 0; i < (*footer)->rows.size(); ++i) {
    const format::ChunkRow& row = (*footer)->rows[i];
    const Status status = CheckChunk(*lease, row, (*footer)->content_ids[i]);
    if (!status.ok()) {
      problem("stream " + ToString(row.stream) + ", " + FormatWall(row.wall_begin) + " to " +
              FormatWall(row.wall_end) + ", offset " + std::to_string(row.offset_bytes) + ": " +
              status.message());
    }
    if (!count(row)) return false;
  }
  return true;
}

}  // namespace reel
