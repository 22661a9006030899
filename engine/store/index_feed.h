// IndexFeed: what has become durable on its way into the index. Loops and maintenance add; one
// thread flushes. A chunk leaves memory when the batch that names it has been written.
//
// Thread rule: all calls from any thread; flushes wait for each other, so that rows are written in
// the order they came.
// Bound: kMaxRows rows. Beyond it, with an index that refuses to be written, rows are dropped and
// the index is behind; TakeLost says so once it can be written again, and it is to be rebuilt.
#pragma once

#include <mutex>
#include <set>
#include <vector>

#include "engine/store/gop_assembler.h"
#include "engine/store/ledger.h"
#include "engine/store/run_buffer.h"

namespace reel {

class IndexFeed {
 public:
  static constexpr size_t kMaxRows = 1U << 20;
  // Of earlier sessions; beyond it the runs followed so far are forgotten, and a GOP that crosses
  // from one segment to the next there is two rows.
  static constexpr size_t kMaxRecoveredRuns = 1U << 16;

  explicit IndexFeed(const Ledger& ledger) : ledger_(ledger) {}

  void AddDurable(const StreamChunkPtr& chunk);
  // A chunk that had been copied to another volume, and is durable here as well.
  void AddCopy(const format::ChunkRow& chunk, VolumeNo volume, SegmentSerial serial);
  // A segment of an earlier session, whole: its chunks and then its own row.
  void AddSegment(const SegmentRow& row, const std::vector<format::ChunkRow>& rows);
  void Add(const IndexBatch& rows);

  // A run of an earlier session is being written again. What is sent again may stand in a segment
  // that is still to be read, so its rows are joined with what is there.
  void ExpectAgain(const RunId& run);
  // Where it goes on, if the index knows.
  void ResumeRun(const GopRow& last, const RunRow& run);
  // The run's row as its durable chunks make it.
  std::optional<RunRow> FindRun(const RunId& run) const;
  void ForgetRun(const RunId& run);

  // Writes what has come since the last flush. Chunks are released in either case.
  Status Flush(Index& index);
  // Rows were dropped, and the index has been written since. True once.
  bool TakeLost();
  bool empty() const;
  bool full() const;  // worth flushing now

 private:
  void KeepLatest(IndexBatch* batch) const;
  static Status JoinWithWhatIsThere(Index& index, IndexBatch* rows);
  Status Write(Index& index, IndexBatch* batch, const IndexBatch& recovered) const;
  void JoinRowsOf(const RunId& run);

  const Ledger& ledger_;
  std::mutex flush_mutex_;  // before mutex_, and held across the write
  mutable std::mutex mutex_;
  GopAssembler recording_;  // runs of this session
  GopAssembler recovered_;  // runs of earlier ones
  std::set<RunId> again_;   // sent or stored again, as long as they are written
  IndexBatch batch_;
  IndexBatch recovered_batch_;  // joined with what is there before it is written
  std::vector<StreamChunkPtr> to_release_;
  bool lost_ = false;     // rows were dropped
  bool writable_ = true;  // the last flush succeeded
};

}  // namespace reel
