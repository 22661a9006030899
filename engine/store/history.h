// History: what is known of a stream over a range of time apart from its footage: runs, gaps,
// sessions of the recorder, and where footage that has not been recycled begins. It answers "why is
// there nothing here".
//
// The cause of a missing stretch is, in this order
//   1  what the ledger says of it (GapRow);
//   2  kExpired where a run is known to have been and older than all footage there is;
//   3  kNotRecorded before the stream was created, and before its first run;
//   4  kRecorderDown from the end of the last run to a volume's next opening, and for up to
//      kJoinMax behind that while sources come back;
//   5  what the run before it says of its end; a run that is still open has lost its source;
//   6  kUnknown.
// Thread rule: Load from any thread; the rest is a value. Cost: five index lookups, and as many
// rows as there are runs and gaps in the range, at most kMaxRows of each: ResourceExhausted beyond.
#pragma once

#include <vector>

#include "engine/store/footage.h"

namespace reel {

class History {
 public:
  static constexpr size_t kMaxRows = 1U << 16;

  static Result<History> Load(Footage& footage, StreamId stream, WallRange range);

  // Runs that touch the range, in order of their beginning; what is in memory counts.
  const std::vector<RunRow>& runs() const { return runs_; }
  const std::vector<GapRow>& gaps() const { return gaps_; }
  WallTime oldest() const { return oldest_; }  // footage that is still there; kWallMax: none

  // `missing`, in which there is no footage and which lies within the range, cut into stretches
  // with a cause each: ascending, without holes between them.
  std::vector<GapRow> Explain(WallRange missing) const;

 private:
  explicit History(StreamId stream) : stream_(stream) {}
  Status LoadRuns(Footage& footage, WallRange range);
  Status LoadBefore(Footage& footage, WallTime begin);
  void AddLive(const std::vector<struct Stretch>& live, WallRange range);

  void AddWithoutLedger(WallRange missing, std::vector<GapRow>* out) const;
  void AddUnexplained(WallRange missing, std::vector<GapRow>* out) const;
  void Add(WallTime begin, WallTime end, GapCause cause, std::vector<GapRow>* out) const;
  const RunRow* RunBefore(WallTime t) const;
  GapCause CauseOfEnd(const RunRow* run) const;

  StreamId stream_;
  WallTime created_;
  WallTime oldest_;
  std::vector<RunRow> runs_;
  std::vector<GapRow> gaps_;
  std::vector<WallTime> sessions_;  // ascending
  std::vector<RunId> recording_;    // of runs_ and before_, those open now
  std::optional<RunRow> before_;    // the last run before the range
  bool anything_before_ = false;    // some run began before the range
};

}  // namespace reel
