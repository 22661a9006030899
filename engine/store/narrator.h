// Narrator: turns what stretches give into the items of a cursor: says when a run begins or is
// joined, which tracks are in force, where something is missing and why.
//
// Thread rule: one thread at a time, its cursor's. Ownership: the footage outlives it.
// Bounds: the items of one step; a gap has as many as the ledger knows causes for it; the tracks of
// kTracksMax configurations.
#pragma once

#include <deque>

#include "engine/store/stretch_reader.h"

namespace reel {

class Narrator {
 public:
  // `sparse`: units are left out on purpose, so jumps in their numbers mean nothing.
  Narrator(Footage& footage, StreamId stream, bool sparse)
      : footage_(footage), stream_(stream), sparse_(sparse) {}

  bool empty() const { return items_.empty(); }
  Item Take();

  // `step` came from a stretch of `run`. Errors: the index's.
  Status Tell(RunId run, StretchReader::Step step);

  // There is nothing between two units of one run: `units_lost` of them.
  Status TellHole(WallRange time, uint64_t units_lost);
  // There is nothing between two runs, if the range is longer than kFootageTolerance.
  Status TellPause(WallRange time);

  // The last unit before the next run had this time.
  void set_last(WallTime last) { last_ = last; }
  // What comes next does not follow what came before.
  void Jump();

 private:
  Status Join(RunId run, WallTime begin);
  Status TellUnit(StretchReader::Step step);
  Status TellTracks(const StretchReader::Step& step);
  Status TellMissed(WallTime until);
  void TellGap(const GapRow& gap);
  Item& NewItem(ItemKind kind);

  using ConfigHash = std::array<uint8_t, 16>;
  static constexpr size_t kTracksMax = 8;

  Footage& footage_;
  const StreamId stream_;
  const bool sparse_;
  std::deque<Item> items_;
  std::optional<RunId> run_;
  std::optional<UnitNumber> expected_;     // the next unit of run_
  std::optional<WallTime> last_;           // of the last unit
  std::optional<ConfigHash> config_hash_;  // of the tracks told last
  bool tracks_known_ = false;
  // Seen lately: most chunks carry only the hash of theirs.
  std::deque<std::pair<ConfigHash, std::vector<TrackInfo>>> tracks_;
  std::optional<StretchReader::Step> missed_;  // kMissing that has not been told yet
};

}  // namespace reel
