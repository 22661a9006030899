"""Plausible bugs, each as one change of one source: what stands there, what the mutant puts there.

A text that is not found exactly once no longer fits its source, and the run fails: bring the mutant
up to date with the source.
"""

from dataclasses import dataclass

POWER_CUT = "PowerCut.WhatWasAcknowledgedIsThereAndNothingElse"
DAMAGE = "Damage.IsToldAndNeverServed"


@dataclass(frozen=True)
class Mutant:
    name: str
    path: str
    old: str
    new: str
    test: str = POWER_CUT
    seed: int = 1  # of the first world: rare bugs name one that shows them soon
    rare: bool = False  # no world is known that shows it: tried with --rare alone, for hours


MUTANTS = [
    Mutant("acknowledged before the sync", "engine/volume/volume.cc",
           "    written_now_.push_back(std::move(chunk));\n  }",
           "    written_now_.push_back(std::move(chunk));\n  }\n"
           "  if (!active->segment->WantsSync()) return;\n"
           "  active->segment->SyncSubmitted();\n"
           "  active->segment->SyncSucceeded();\n"
           "  ReportDurable(active);"),
    Mutant("a sync covers writes that completed after it was submitted",
           "engine/segment/open_segment.cc",
           "durable_ = sync_covers_;", "durable_ = completed_;"),
    Mutant("a failed sync is tried again as if it had worked", "engine/volume/volume.cc",
           "if (was_sync) active->segment->SyncFailed();\n      FreeSlot(slot);",
           "if (was_sync) active->segment->SyncFailed();\n      FreeSlot(slot);\n"
           "      if (was_sync) return;"),
    Mutant("a group is complete with its first write", "engine/volume/volume.cc",
           "if (--group->writes_left != 0) return;",
           "--group->writes_left;\n"
           "  std::vector<ChunkPtr> now = std::exchange(group->written, {});\n"
           "  for (ChunkPtr& chunk : now) {\n"
           "    active->segment->Completed(chunk->row.seq);\n"
           "    written_now_.push_back(std::move(chunk));\n"
           "  }"),
    Mutant("a granule is shared with later writes", "engine/segment/open_segment.cc",
           "RoundUp(std::max(chunk_bytes, extent_bytes), header_.granule_bytes)",
           "std::max(chunk_bytes, extent_bytes)"),
    Mutant("salvage stops at the first hole", "engine/segment/salvage.cc",
           "      CountHoles(expected, chunk.row.seq);",
           "      if (chunk.row.seq != expected) break;\n      CountHoles(expected, chunk.row.seq);",
           DAMAGE),
    Mutant("salvage accepts only what the chain reaches", "engine/segment/salvage.cc",
           "      const bool neighbours =",
           "      if (before != nullptr && chunk.chain != before->header_crc32c) continue;\n"
           "      const bool neighbours =", DAMAGE),
    Mutant("salvage keeps what a failed sync left", "engine/volume/volume.cc",
           "pool_->Abandon(active->segment->header().serial, active->segment->durable());",
           "pool_->Abandon(active->segment->header().serial, active->segment->placed());"),
    Mutant("what salvage accepts is not synced", "engine/volume/segment_pool_salvage.cc",
           "REEL_RETURN_IF_ERROR(SyncSalvaged(serial, *file, report));", "", seed=5000),
    Mutant("what failed is not written anew", "engine/volume/volume.cc",
           "waiting_.insert(waiting_.begin(), active->not_durable.begin(), "
           "active->not_durable.end());",
           "durable_now_.insert(durable_now_.end(), active->not_durable.begin(), "
           "active->not_durable.end());"),
    Mutant("the index forgets a segment before the disk does", "engine/volume/volume_maintain.cc",
           "  const Status recycled = pool_->Recycle(serial);",
           "  client_.OnRecycled(row);\n"
           "  const Status recycled = pool_->Recycle(serial);"),
    Mutant("a file is used again before it is free on the disk", "engine/volume/segment_pool.cc",
           "  const Status status = WriteLifeOf(file_number, *file, header);\n"
           "  const std::lock_guard lock(mutex_);\n  Entry& entry = files_[file_number];\n"
           "  by_serial_.erase(",
           "  const Status status;\n"
           "  const std::lock_guard lock(mutex_);\n  Entry& entry = files_[file_number];\n"
           "  by_serial_.erase("),
    Mutant("the index names what is not durable", "engine/volume/volume_place.cc",
           "  if (!active->next_wanted && active->segment->half_full()) {",
           "  std::vector<format::ChunkRow> rows;\n"
           "  for (const ChunkPtr& chunk : chunks) rows.push_back(chunk->row);\n"
           "  if (active->segment->header().retention_class != kLedgerClass)\n"
           "    client_.OnSegment(RowFor(active->segment->header(), SegmentState::kOpen), rows);\n"
           "  if (!active->next_wanted && active->segment->half_full()) {"),
    Mutant("the ledger is not copied forward", "engine/store/store_ledger_copy.cc",
           "    copy.to_copy.push_back(std::move(record));",
           "    if (copy.to_copy.empty()) copy.to_copy.push_back(std::move(record));"),
    Mutant("old ledger goes before the copy is durable", "engine/store/store_ledger_copy.cc",
           "return slot->ledger.buffer->IsDurable(copy.until) && DropOldLedger(slot);",
           "return DropOldLedger(slot);"),
    Mutant("a segment's row takes the place of what others told", "engine/store/gop_joiner.cc",
           "    *there = Join(*there, row);", "    *there = row;"),
    Mutant("the second place of a copied chunk is forgotten", "engine/store/store_volumes.cc",
           "        feed_.AddCopy(chunk->row, volume, chunk->serial);", "        (void)volume;",
           rare=True),
    Mutant("a creation that failed is forgotten", "engine/store/store_streams.cc",
           "    doubtful_streams_[name] = record.row.stream;\n", "", seed=164396193),
    Mutant("a closing store leaves requests in flight", "engine/volume/volume.cc",
           "    queue_->Reap(completions, left);",
           "    if (queue_->Reap(completions, left) == 0) return;"),
    Mutant("payload is not checked", "engine/format/chunk.cc",
           "if (Crc32c(bytes) != unit.crc32c) {", "if (bytes.empty()) {", DAMAGE),
    Mutant("the place of a chunk is not checked", "engine/format/chunk.cc",
           "if (head.place.offset_bytes != offset_bytes) {", "if (head.units.size() > 1) {", DAMAGE),
    Mutant("a file keeps its UID in its next life", "engine/volume/segment_pool.cc",
           "  header.uid = NewId<SegmentUid>(random_);",
           "  header.uid = files_[file_number].header.uid;\n"
           "  if (header.uid.is_nil()) header.uid = NewId<SegmentUid>(random_);"),
]
