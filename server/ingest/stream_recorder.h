// StreamRecorder: what a source delivers, as runs of its stream; and what it does not, as gaps.
//
// A run begins with the first unit of a connection, and anew where the node's own clock was set by
// kClockStep or more. Every stretch over kTolerance without footage becomes a gap with a cause:
//   between runs  the cause given to Leave, told while it lasts (after 5 s, then every minute) and
//                 when it ends
//   in a run      kPacketsLost where the unit behind it says so, else kSourceStalled where the
//                 stretch is over kStall and over four times the usual distance of units
// A unit that the store sheds is counted there; while it takes none at all the gap is kDiskError,
// or kNotRecorded where the stream has been retired.
// Wall times are the node's (clocks.h), and never fall within a run.
// Thread rule: one thread at a time; nothing blocks. Ownership: store and gaps outlive it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reel/log.h"
#include "reel/store.h"
#include "server/ingest/gap_recorder.h"
#include "server/rtsp/clocks.h"
#include "server/rtsp/track_receiver.h"

namespace reel::server {

class StreamRecorder {
 public:
  static constexpr Duration kTolerance = std::chrono::milliseconds(500);  // the store's own
  static constexpr Duration kStall = std::chrono::seconds(2);
  static constexpr Duration kClockStep = std::chrono::seconds(1);
  static constexpr uint32_t kUncertaintyUs = 200'000;  // encoder and network, which nobody states

  // Until the first unit time is missing for `cause`, from `now` on.
  StreamRecorder(Store& store, GapRecorder& gaps, StreamId stream, GapCause cause, WallTime now);

  // A connection stands; its units follow.
  void Connect(const std::vector<TrackInfo>& tracks);
  void OnUnit(const ReceivedUnit& unit, MonoTime mono, WallTime wall);
  // No more units come, for this reason; ends the run, if there is one. The same again is nothing.
  void Leave(GapCause cause, EndCause end, WallTime now);
  // Tells of the gap that lasts, when it is time to.
  void Tick(WallTime now);
  // Nothing follows: what is missing up to now is told.
  void Close(EndCause end, WallTime now);

  std::optional<WallTime> recording_since() const;
  std::optional<WallTime> last_clean_point() const { return last_clean_; }
  Duration lateness() const { return lateness_; }
  const std::string& trouble() const { return trouble_; }  // of the store; "" when it takes units

 private:
  // The cause of what is missing where the store takes no run.
  std::optional<GapCause> BeginRun(WallTime wall);
  void CheckClock(MonoTime mono, WallTime wall);
  void NoteMissing(const ReceivedUnit& unit, WallTime at);
  void Append(const ReceivedUnit& unit, WallTime at);
  void TellGap(WallTime end);

  Store& store_;
  GapRecorder& gaps_;
  const StreamId stream_;

  std::vector<TrackInfo> tracks_;
  std::vector<ArrivalClock> clocks_;  // by track
  std::unique_ptr<RunWriter> run_;
  UnitNumber next_;
  WallTime run_begin_;
  int64_t wall_minus_mono_ns_ = 0;  // when the run began

  WallTime footage_end_;             // of the last unit, or since when time is missing
  std::optional<GapCause> missing_;  // since footage_end_; nullopt while units come
  WallTime told_at_;
  Duration usual_distance_{0};  // of pictures, or of units where there are none
  std::optional<WallTime> last_picture_;
  std::optional<WallTime> last_clean_;
  Duration lateness_{0};
  std::string trouble_;
};

}  // namespace reel::server
