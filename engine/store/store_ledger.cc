// The ledger stream of each volume: reading it and appending to it.
#include <algorithm>

#include "engine/segment/file_window.h"
#include "engine/store/store_impl.h"

namespace reel {
namespace {

constexpr Duration kLedgerWait = std::chrono::seconds(30);
// Receipts take at most this part of a volume, at about this many bytes each.
constexpr uint64_t kReceiptShare = 64;
constexpr uint64_t kReceiptBytes = 128;
constexpr size_t kLedgerWaitingMax = 65536;
// Its chunks are small and stand side by side.
constexpr uint64_t kLedgerReadBytes = 1U << 20;

Result<ByteSpan> ChunkOf(const format::ChunkRow& row, uint64_t end_bytes, FileWindow* window) {
  const bool fits = row.offset_bytes % format::kBlockBytes == 0 && row.offset_bytes <= end_bytes &&
                    row.chunk_bytes <= end_bytes - row.offset_bytes;
  if (!fits) return DataLoss("a chunk that stands nowhere");
  return window->At(row.offset_bytes, row.chunk_bytes);
}

}  // namespace

// All that can be read of it, before its first hole; the error is of what cannot. What stands
// behind a hole was never acknowledged and is in no copy: once shown, it would have to be.
Status StoreImpl::ReadLedgerRecords(const SegmentLease& lease,
                                    const std::vector<format::ChunkRow>& rows,
                                    LedgerRecords* records) {
  Status problem;
  ChunkSeq durable;
  std::vector<LedgerChunk> chunks;
  const uint64_t end_bytes = lease.header().footer_offset_bytes;
  FileWindow window(lease.file(), end_bytes, kLedgerReadBytes);
  for (const format::ChunkRow& row : rows) {
    chunks.push_back({row.seq, records->size()});
    const Result<ByteSpan> bytes = ChunkOf(row, end_bytes, &window);
    if (!bytes.ok()) {
      problem = bytes.status();
      continue;
    }
    const Result<format::ChunkHead> head =
        format::DecodeChunkHead(*bytes, lease.header().uid, row.offset_bytes);
    if (!head.ok()) {
      problem = head.status();
      continue;
    }
    durable = std::max(durable, head->place.durable_seq);
    for (size_t i = 0; i < head->units.size(); ++i) {
      const Result<ByteSpan> unit = format::VerifiedUnit(*head, *bytes, i);
      Result<format::LedgerRecord> record =
          unit.ok() ? format::DecodeLedgerRecord(*unit) : unit.status();
      if (!record.ok()) {
        problem = record.status();
        continue;
      }
      records->push_back(*std::move(record));
    }
    chunks.back().end = records->size();
  }
  records->resize(RecordsBeforeHole(chunks, durable));
  return problem;
}

Status StoreImpl::ReadLedgerSegment(VolumeNo volume, SegmentSerial serial,
                                    const std::vector<format::ChunkRow>& rows) {
  REEL_ASSIGN_OR_RETURN(const SegmentLease lease, Lease(volume, serial));
  LedgerRecords records;
  return TakeLedgerRecords(lease, rows, &records);
}

Status StoreImpl::TakeLedgerRecords(const SegmentLease& lease,
                                    const std::vector<format::ChunkRow>& rows,
                                    LedgerRecords* records) {
  Status read = ReadLedgerRecords(lease, rows, records);
  for (const format::LedgerRecord& record : *records) ledger_.Apply(record);
  return read;
}

// Anew once salvage has settled one: what it says or makes redundant was not known at opening.
void StoreImpl::JudgeLedger(VolumeSlot* slot) {
  std::vector<SegmentPool::Opened> lives = slot->pool()->Lives();
  std::reverse(lives.begin(), lives.end());
  LedgerJudge judge(ReceiptsMax(*slot));
  for (const SegmentPool::Opened& life : lives) {
    const SegmentSerial serial = life.header.serial;
    if (life.header.retention_class != kLedgerClass || slot->ledger_unread.contains(serial) ||
        life.state != SegmentPool::FileState::kSealed) {
      continue;
    }
    const Result<SegmentLease> lease = slot->pool()->Lease(serial);
    if (!lease.ok()) continue;
    const Result<std::vector<format::ChunkRow>> rows = RowsOf(*lease);
    LedgerRecords records;
    if (rows.ok() && ReadLedgerRecords(*lease, *rows, &records).ok()) {
      judge.Add(serial, std::move(records));
    }
  }
  slot->ledger_redundant = judge.Redundant();
}

// They take at most this part of a volume.
size_t StoreImpl::ReceiptsMax(const VolumeSlot& slot) {
  const uint64_t volume_bytes =
      slot.superblock.segment_bytes * uint64_t{slot.superblock.segment_count_max};
  return static_cast<size_t>(volume_bytes / kReceiptShare / kReceiptBytes);
}

Result<UnitNumber> StoreImpl::AppendLedger(VolumeSlot* slot, const format::LedgerRecord& record) {
  const std::lock_guard lock(slot->ledger_mutex);
  return AppendLedgerLocked(slot, record);
}

Result<UnitNumber> StoreImpl::AppendLedgerLocked(VolumeSlot* slot,
                                                 const format::LedgerRecord& record) {
  const Bytes bytes = format::EncodeLedgerRecord(record);
  UnitView unit;
  unit.wall = clock_.WallNow();
  unit.bytes = bytes;
  bool full = false;
  const UnitNumber number{slot->ledger.next_number};
  REEL_RETURN_IF_ERROR(
      slot->ledger.buffer->Append(number, unit, AppendMode::kBulk, clock_.MonoNow(), &full));
  ++slot->ledger.next_number;
  return UnitNumber{number.value + 1};
}

Status StoreImpl::WriteLedger(VolumeNo volume, const format::LedgerRecord& record) {
  const Ledger::Pending pending(ledger_, record);
  Status problem = Unavailable("no volume can be written");
  std::vector<std::pair<VolumeSlot*, UnitNumber>> written;
  const auto append = [&] {
    for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
      const bool wanted = volume.value == 0 || slot->node.number == volume;
      if (!wanted || !slot->volume || slot->volume->health() == VolumeHealth::kOffline) continue;
      const Result<UnitNumber> end = AppendLedger(slot.get(), record);
      if (end.ok()) {
        written.emplace_back(slot.get(), *end);
      } else {
        problem = end.status();
      }
      slot->ledger.buffer->Flush();
      if (!options_.manual) slot->volume->Wake();
    }
    return !written.empty() || problem.code() != Code::kResourceExhausted;
  };
  // No room in any ledger's buffer: what stands there is on its way to the disk.
  if (!append()) WaitFor(append, kLedgerWait);
  // One copy that is durable carries the record: a volume in trouble must not hold up the others.
  size_t durable = 0;
  WaitFor(
      [&] {
        durable = static_cast<size_t>(std::count_if(
            written.begin(), written.end(),
            [](const auto& entry) { return entry.first->ledger.buffer->IsDurable(entry.second); }));
        const auto waiting = std::count_if(written.begin(), written.end(), [](const auto& entry) {
          return entry.first->volume->health() == VolumeHealth::kGood &&
                 !entry.first->ledger.buffer->IsDurable(entry.second);
        });
        return waiting == 0 && (durable > 0 || written.empty());
      },
      kLedgerWait);
  if (durable == 0) return problem;
  ledger_.Apply(record);
  return OkStatus();
}

Status StoreImpl::RecordGap(const GapRow& gap) {
  REEL_RETURN_IF_ERROR(CheckWritable());
  if (!KnownStream(gap.stream)) return NotFound("no stream " + ToString(gap.stream));
  if (gap.end < gap.begin) return InvalidArgument("a gap ends before it begins");
  REEL_RETURN_IF_ERROR(WriteLedger({}, gap));
  IndexBatch batch;
  batch.gaps.push_back(gap);
  feed_.Add(batch);
  return OkStatus();
}

Status StoreImpl::RecordImport(const ImportRow& import) {
  REEL_RETURN_IF_ERROR(CheckWritable());
  if (!KnownStream(import.stream)) return NotFound("no stream " + ToString(import.stream));
  REEL_RETURN_IF_ERROR(format::CheckNote("owner", import.owner));
  REEL_RETURN_IF_ERROR(format::CheckNote("source", import.source));
  return WriteLedger({}, import);
}

std::vector<ImportRow> StoreImpl::Imports() {
  ReadDeferredLedger();
  return ledger_.Imports();
}

// What a run had to shed is known only here: it goes to the ledger without anyone waiting for it.
void StoreImpl::RecordShed(const ActiveRun& run, bool all) {
  for (const GapRow& gap : run.buffer->TakeShed(all)) {
    ledger_.Apply(gap);
    IndexBatch batch;
    batch.gaps.push_back(gap);
    feed_.Add(batch);
    AppendLedgers(gap, "a gap");
  }
}

// To the ledger of every volume, so that it outlives any one of them; nobody waits for it.
void StoreImpl::AppendLedgers(const format::LedgerRecord& record, const std::string& what) {
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    if (!slot->volume || slot->volume->health() == VolumeHealth::kOffline) continue;
    Status written;
    {
      const std::lock_guard lock(slot->ledger_mutex);
      const bool in_turn = slot->ledger_waiting.empty();
      if (in_turn) written = AppendLedgerLocked(slot.get(), record).status();
      const bool later = !in_turn || written.code() == Code::kResourceExhausted;
      if (later && slot->ledger_waiting.size() < kLedgerWaitingMax) {
        slot->ledger_waiting.push_back(record);
        continue;
      }
      if (!in_turn) written = ResourceExhausted("too many records wait for the ledger");
    }
    if (written.ok()) continue;
    Log(LogLevel::kWarning,
        what + " is not recorded on " + slot->node.path + ": " + written.ToString());
  }
}

// Records that found no room. True if one went.
bool StoreImpl::AppendWaiting(VolumeSlot* slot) {
  const std::lock_guard lock(slot->ledger_mutex);
  bool moved = false;
  // Nothing more will be written there; the ledgers of the other volumes have them.
  if (slot->volume->health() == VolumeHealth::kOffline) slot->ledger_waiting.clear();
  while (!slot->ledger_waiting.empty()) {
    const Status written = AppendLedgerLocked(slot, slot->ledger_waiting.front()).status();
    if (written.code() == Code::kResourceExhausted) {
      slot->ledger.buffer->Flush();
      break;
    }
    if (!written.ok()) {
      Log(LogLevel::kWarning,
          "a record is missing from the ledger on " + slot->node.path + ": " + written.ToString());
    }
    slot->ledger_waiting.pop_front();
    moved = true;
  }
  return moved;
}

// Ended runs whose chunks are all in the index get their end recorded and leave. True if one did.
bool StoreImpl::FinishEndedRuns() {
  std::vector<std::shared_ptr<ActiveRun>> finished;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [stream, runs] : runs_) {
      for (const std::shared_ptr<ActiveRun>& run : runs) {
        if (run->end && run->buffer->idle()) finished.push_back(run);
      }
    }
  }
  for (const std::shared_ptr<ActiveRun>& run : finished) {
    Tell(run.get());  // the last of it may have become durable since
    RecordShed(*run, /*all=*/true);
    const RunBuffer& buffer = *run->buffer;
    if (std::optional<RunRow> row = feed_.FindRun(buffer.identity().run);
        row && *run->end != EndCause::kOpen) {
      row->cause = *run->end;
      ledger_.Apply(*row);
      IndexBatch batch;
      batch.runs.push_back(*row);
      feed_.Add(batch);
      AppendLedgers(*row, "the end of a run");
    }
    feed_.ForgetRun(buffer.identity().run);
    units_accepted_ended_ += buffer.units_accepted();
    bytes_accepted_ended_ += buffer.bytes_accepted();
    units_shed_ended_ += buffer.units_shed();
    units_resent_ended_ += buffer.units_resent();
    const std::lock_guard lock(mutex_);
    Unassign(*run);
    auto& runs = runs_[buffer.identity().stream];
    runs.erase(std::remove(runs.begin(), runs.end(), run), runs.end());
    if (runs.empty()) runs_.erase(buffer.identity().stream);
  }
  return !finished.empty();
}

}  // namespace reel
