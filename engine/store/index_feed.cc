#include "engine/store/index_feed.h"

#include <algorithm>
#include <set>
#include <utility>

namespace reel {
namespace {

template <class T>
void Append(std::vector<T>* to, const std::vector<T>& from) {
  to->insert(to->end(), from.begin(), from.end());
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

}  // namespace

void IndexFeed::AddDurable(const StreamChunkPtr& chunk) {
  const std::lock_guard lock(mutex_);
  recording_.Add(chunk->row, chunk->volume, chunk->serial, &batch_);
  to_release_.push_back(chunk);
}

void IndexFeed::AddSegment(const SegmentRow& row, const std::vector<format::ChunkRow>& rows) {
  const std::lock_guard lock(mutex_);
  for (const format::ChunkRow& chunk : rows) recovered_.Add(chunk, row.volume, row.serial, &batch_);
  batch_.segments.push_back(row);
}

void IndexFeed::Add(const IndexBatch& rows) {
  const std::lock_guard lock(mutex_);
  Append(&batch_.gops, rows.gops);
  Append(&batch_.runs, rows.runs);
  Append(&batch_.gaps, rows.gaps);
  Append(&batch_.streams, rows.streams);
  Append(&batch_.segments, rows.segments);
  Append(&batch_.volumes, rows.volumes);
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
}

bool IndexFeed::empty() const {
  const std::lock_guard lock(mutex_);
  return batch_.empty() && to_release_.empty();
}

bool IndexFeed::full() const {
  const std::lock_guard lock(mutex_);
  return batch_.gops.size() > 16384;
}

void IndexFeed::KeepLatest(IndexBatch* batch) const {
  KeepLast(&batch->gops,
           [](const GopRow& row) { return std::tuple(row.run, row.begin, row.first_unit); });
  KeepLast(&batch->runs, [](const RunRow& row) { return std::pair(row.run, row.begin); });
  for (RunRow& row : batch->runs) {
    // What the ledger knows of a run's end holds over what chunks alone can tell.
    const std::optional<RunRow> known = ledger_.FindRun(row.run);
    if (known && row.cause == EndCause::kOpen) row.cause = known->cause;
  }
}

Status IndexFeed::Flush(Index& index) {
  IndexBatch batch;
  std::vector<StreamChunkPtr> to_release;
  {
    const std::lock_guard lock(mutex_);
    std::swap(batch, batch_);
    std::swap(to_release, to_release_);
  }
  KeepLatest(&batch);
  const Status written = batch.empty() ? OkStatus() : index.Write(batch);
  for (const StreamChunkPtr& chunk : to_release) chunk->run_buffer->Release(*chunk);
  if (!written.ok() && batch.gops.size() < kMaxRows) {
    const std::lock_guard lock(mutex_);
    std::swap(batch, batch_);
    Append(&batch_.gops, batch.gops);  // rows that came meanwhile stay behind these
    Append(&batch_.runs, batch.runs);
    Append(&batch_.gaps, batch.gaps);
    Append(&batch_.streams, batch.streams);
    Append(&batch_.segments, batch.segments);
    Append(&batch_.volumes, batch.volumes);
  }
  return written;
}

}  // namespace reel
