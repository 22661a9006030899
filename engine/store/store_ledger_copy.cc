// The ledger stream of each volume: copying it forward, and letting go what is about nothing.
#include <algorithm>

#include "engine/store/store_impl.h"

namespace reel {
namespace {

// Beyond this many sealed ledger segments, and twice what is live, a volume's ledger is copied
// forward: so the ledger is written at most twice, however small the segments.
constexpr size_t kLedgerSegmentsKept = 1;

}  // namespace

// Copies what is live into the present ledger segment and lets the older ones go, as far as the
// ledger's buffer has room at a time. False: nothing to do now.
//
// A closing store finishes a copy that is under way: else sessions that are too short for theirs
// would each leave one more segment, until the ledger held all the room there is.
bool StoreImpl::CompactLedger(VolumeSlot* slot) {
  const bool moved = CompactLedgerOnce(slot);
  slot->ledger_copying = !slot->ledger_copy.old.empty();
  return moved;
}

bool StoreImpl::CompactLedgerOnce(VolumeSlot* slot) {
  for (const SegmentSerial serial : slot->ledger_redundant) {
    if (DropLedger(slot, serial)) return true;
  }
  LedgerCopy& copy = slot->ledger_copy;
  if (copy.old.empty()) return !closing_ && BeginLedgerCopy(slot);
  if (!copy.to_copy.empty()) return AppendLedgerCopy(slot);
  return slot->ledger.buffer->IsDurable(copy.until) && DropOldLedger(slot);
}

// Once all of the ledger has been read. What this session wrote to a segment that is broken now is
// known: waiting for its salvage, the ledger would go on to take the room of footage.
bool StoreImpl::BeginLedgerCopy(VolumeSlot* slot) {
  if (!slot->ledger_grew) return false;
  std::vector<SegmentSerial> sealed;
  for (const SegmentPool::Opened& life : slot->volume->pool().Lives()) {
    if (life.header.retention_class != kLedgerClass) continue;
    const bool broken = life.state == SegmentPool::FileState::kBroken;
    if (broken && life.header.epoch != slot->superblock.epoch) return false;
    const bool whole = !slot->ledger_unread.contains(life.header.serial);
    if (whole && life.state == SegmentPool::FileState::kSealed)
      sealed.push_back(life.header.serial);
  }
  slot->ledger_grew = false;
  if (sealed.size() <= slot->ledger_copy.sealed_max) return false;
  PruneLedger();
  PlanLedgerCopy(slot, std::move(sealed));
  return true;
}

// `old` has been read before: what is recorded from here on goes to other segments.
void StoreImpl::PlanLedgerCopy(VolumeSlot* slot, std::vector<SegmentSerial> old) {
  LedgerCopy& copy = slot->ledger_copy;
  uint64_t bytes = 0;
  for (format::LedgerRecord& record : ledger_.Live(slot->node.id, ReceiptsMax(*slot))) {
    bytes += 2 * (format::EncodeLedgerRecord(record).size() + sizeof(format::UnitEntry));
    copy.to_copy.push_back(std::move(record));
  }
  copy.sealed_max =
      kLedgerSegmentsKept + 2 * static_cast<size_t>(bytes / slot->superblock.segment_bytes);
  copy.old = std::move(old);
  slot->ledger_copying = true;
}

// Leaves half of the buffer to what is recorded meanwhile; what fits the chunk in hand takes none.
bool StoreImpl::AppendLedgerCopy(VolumeSlot* slot) {
  LedgerCopy& copy = slot->ledger_copy;
  RunBuffer& buffer = *slot->ledger.buffer;
  bool moved = false;
  while (!copy.to_copy.empty() && !buffer.filling()) {
    const Result<UnitNumber> written = AppendLedger(slot, copy.to_copy.front());
    if (!written.ok()) break;  // no room now: on from here at a later turn
    copy.until = *written;
    copy.to_copy.pop_front();
    moved = true;
  }
  if (moved) buffer.Flush();
  return moved;
}

// True if the segment left. One that salvage has not settled yet waits for it.
bool StoreImpl::DropLedger(VolumeSlot* slot, SegmentSerial serial) {
  const std::optional<SegmentPool::Opened> life = slot->volume->pool().Find(serial);
  if (life && life->state == SegmentPool::FileState::kBroken) return false;
  const Status recycled = life ? slot->volume->pool().Recycle(serial) : OkStatus();
  if (!recycled.ok()) {
    Log(LogLevel::kWarning, "an old ledger segment stays: " + recycled.ToString());
  } else if (life) {
    SegmentRow row;
    row.volume = slot->node.number;
    row.serial = serial;
    row.state = SegmentState::kRetired;
    row.retention_class = kLedgerClass;
    IndexBatch batch;
    batch.segments.push_back(row);
    feed_.Add(batch);
  }
  std::erase(slot->ledger_copy.old, serial);
  slot->ledger_redundant.erase(serial);
  return true;
}

bool StoreImpl::DropOldLedger(VolumeSlot* slot) {
  const std::vector<SegmentSerial> old = slot->ledger_copy.old;
  bool moved = false;
  for (const SegmentSerial serial : old) moved |= DropLedger(slot, serial);
  return moved;
}

// Only an index that knows all footage can tell what is gone.
void StoreImpl::PruneLedger() {
  if (index_failing_) return;
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (!slot->volume || slot->volume->pool().NextBroken()) return;
  }
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [volume, serials] : to_index_) {
      if (!serials.empty()) return;
    }
  }
  // What has been read may be on its way there still: in another volume's step, or in the feed.
  if (maintaining_ != 1 || !feed_.Flush(*index_).ok()) return;
  std::map<StreamId, WallTime> oldest;
  for (const format::StreamRecord& record : ledger_.Streams()) {
    const Result<std::vector<GopRow>> first =
        index_->Gops(record.row.stream, kWallMin, Direction::kForward, 1);
    if (!first.ok()) return;
    if (!first->empty()) oldest[record.row.stream] = first->front().begin;
  }
  ledger_.Prune(oldest);
}

}  // namespace reel
