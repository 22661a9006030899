#include "engine/store/index_feed.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "engine/store/gop_joiner.h"

namespace reel {
namespace {

template <class T>
void Append(std::vector<T>* to, const std::vector<T>& from) {
  to->insert(to->end(), from.begin(), from.end());
}

void AppendBatch(IndexBatch* to, const IndexBatch& from) {
  Append(&to->gops, from.gops);
  Append(&to->runs, from.runs);
  Append(&to->gaps, from.gaps);
  Append(&to->streams, from.streams);
  Append(&to->segments, from.segments);
  Append(&to->volumes, from.volumes);
}

// Of rows with one key only the last is written.
template <class T, class KeyOf>
void KeepLast(std::vector<T>* rows, KeyOf key_of) {
  std::set<decltype(key_of(rows->front()))> seen;
  std::vector<T> kept;
  for (auto at = rows->rbegin(); at != rows->rend(); ++at) {
    if (seen.insert(key_of(*at)).second) kept.push_back(std::move(*at));
  }
  std::reverse(kept.begin(), kept.end());
  *rows = std::move(kept);
}

std::pair<RunId, WallTime> KeyOfRun(const RunRow& row) { return {row.run, row.begin}; }

}  // namespace

void IndexFeed::AddDurable(const StreamChunkPtr& chunk) {
  const std::lock_guard lock(mutex_);
  IndexBatch& batch = again_.contains(chunk->row.run) ? recovered_batch_ : batch_;
  recording_.Add(chunk->row, chunk->volume, chunk->serial, &batch);
  to_release_.push_back(chunk);
}

void IndexFeed::AddSegment(const SegmentRow& row, const std::vector<format::ChunkRow>& rows) {
  const std::lock_guard lock(mutex_);
  if (recovered_.size() > kMaxRecoveredRuns) recovered_.Clear();
  for (const format::ChunkRow& chunk : rows) {
    recovered_.Add(chunk, row.volume, row.serial, &recovered_batch_);
  }
  recovered_batch_.segments.push_back(row);
}

void IndexFeed::Add(const IndexBatch& rows) {
  const std::lock_guard lock(mutex_);
  AppendBatch(&batch_, rows);
}

void IndexFeed::AddCopy(const format::ChunkRow& chunk, VolumeNo volume, SegmentSerial serial) {
  const std::lock_guard lock(mutex_);
  if (recording_.FindRun(chunk.run)) again_.insert(chunk.run);
  JoinRowsOf(chunk.run);
  GopAssembler alone;
  IndexBatch rows;
  alone.Add(chunk, volume, serial, &rows);
  recovered_batch_.gops.push_back(std::move(rows.gops.front()));  // of its run all is known
}

void IndexFeed::ExpectAgain(const RunId& run) {
  const std::lock_guard lock(mutex_);
  again_.insert(run);
  JoinRowsOf(run);
}

// With the lock held. What waits of `run` is joined as well, lest it replace what came first.
void IndexFeed::JoinRowsOf(const RunId& run) {
  const auto is_other = [&run](const GopRow& row) { return row.run != run; };
  const auto from = std::stable_partition(batch_.gops.begin(), batch_.gops.end(), is_other);
  recovered_batch_.gops.insert(recovered_batch_.gops.end(), std::make_move_iterator(from),
                               std::make_move_iterator(batch_.gops.end()));
  batch_.gops.erase(from, batch_.gops.end());
}

void IndexFeed::ResumeRun(const GopRow& last, const RunRow& run) {
  const std::lock_guard lock(mutex_);
  recording_.Resume(last, run);
}

std::optional<RunRow> IndexFeed::FindRun(const RunId& run) const {
  const std::lock_guard lock(mutex_);
  return recording_.FindRun(run);
}

void IndexFeed::ForgetRun(const RunId& run) {
  const std::lock_guard lock(mutex_);
  recording_.Forget(run);
  again_.erase(run);
}

bool IndexFeed::TakeLost() {
  const std::lock_guard lock(mutex_);
  return writable_ && std::exchange(lost_, false);
}

bool IndexFeed::empty() const {
  const std::lock_guard lock(mutex_);
  return batch_.empty() && recovered_batch_.empty() && to_release_.empty();
}

bool IndexFeed::full() const {
  const std::lock_guard lock(mutex_);
  return batch_.gops.size() + recovered_batch_.gops.size() > 16384;
}

void IndexFeed::KeepLatest(IndexBatch* batch) const {
  KeepLast(&batch->gops,
           [](const GopRow& row) { return std::tuple(row.run, row.begin, row.first_unit); });
  KeepLast(&batch->runs, KeyOfRun);
  for (RunRow& row : batch->runs) {
    // What the ledger knows of a run's end holds over what chunks alone can tell.
    const std::optional<RunRow> known = ledger_.FindRun(row.run);
    if (known && row.cause == EndCause::kOpen) row.cause = known->cause;
  }
}

// A segment tells only what stands in it: it adds to what the index has, and takes nothing away.
Status IndexFeed::JoinWithWhatIsThere(Index& index, IndexBatch* rows) {
  GopJoiner joiner(index);
  REEL_RETURN_IF_ERROR(joiner.Add(std::exchange(rows->gops, {})));
  rows->gops = joiner.Take();
  KeepLast(&rows->runs, KeyOfRun);  // every chunk made one
  for (RunRow& row : rows->runs) {
    REEL_ASSIGN_OR_RETURN(const std::vector<RunRow> there,
                          index.Runs(row.stream, {row.begin, row.begin + Duration{1}}, 1U << 20));
    for (const RunRow& other : there) {
      if (other.run != row.run || other.begin != row.begin) continue;
      row.end = std::max(row.end, other.end);
      if (row.cause == EndCause::kOpen) row.cause = other.cause;
    }
  }
  return OkStatus();
}

Status IndexFeed::Flush(Index& index) {
  const std::lock_guard flushing(flush_mutex_);
  IndexBatch batch;
  IndexBatch recovered;
  std::vector<StreamChunkPtr> to_release;
  {
    const std::lock_guard lock(mutex_);
    std::swap(batch, batch_);
    std::swap(recovered, recovered_batch_);
    std::swap(to_release, to_release_);
  }
  Status written = Write(index, &batch, recovered);
  for (const StreamChunkPtr& chunk : to_release) chunk->run_buffer->Release(*chunk);
  const std::lock_guard lock(mutex_);
  writable_ = written.ok();
  if (written.ok()) return written;
  if (batch.gops.size() + recovered.gops.size() >= kMaxRows) {
    lost_ = true;
  } else {
    // Rows that came meanwhile stay behind these.
    AppendBatch(&batch, batch_);
    std::swap(batch, batch_);
    AppendBatch(&recovered, recovered_batch_);
    std::swap(recovered, recovered_batch_);
  }
  return written;
}

Status IndexFeed::Write(Index& index, IndexBatch* batch, const IndexBatch& recovered) const {
  if (recovered.empty()) {
    KeepLatest(batch);
    return batch->empty() ? OkStatus() : index.Write(*batch);
  }
  IndexBatch all = recovered;
  REEL_RETURN_IF_ERROR(JoinWithWhatIsThere(index, &all));
  AppendBatch(&all, *batch);
  KeepLatest(&all);
  return index.Write(all);
}

}  // namespace reel
