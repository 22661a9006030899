// GopAssembler: from chunks, in the order they became durable or stand in segments, to the rows of
// the index. The same code feeds the index while recording, after a salvage and in a rebuild, so
// all three give the same answers.
//
// Thread rule: the caller's lock.
// Bound: one row and one run in memory per run that is being followed; Forget lets one go.
#pragma once

#include <optional>
#include <unordered_map>

#include "engine/format/footer.h"
#include "reel/index.h"

namespace reel {

class GopAssembler {
 public:
  // Adds the rows that change because of this chunk to `batch`.
  void Add(const format::ChunkRow& chunk, VolumeNo volume, SegmentSerial serial, IndexBatch* batch);

  // A run is being continued: `last` is its last row in the index, `run` its run row.
  void Resume(const GopRow& last, const RunRow& run);

  std::optional<RunRow> FindRun(const RunId& run) const;

  // No more chunks of this run will come.
  void Forget(const RunId& run) { runs_.erase(run); }
  void Clear() { runs_.clear(); }
  size_t size() const { return runs_.size(); }

 private:
  struct State {
    GopRow gop;
    RunRow run;
  };
  std::unordered_map<RunId, State> runs_;
};

}  // namespace reel
