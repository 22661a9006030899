// One track on its way into an MP4 file: its configuration, and its units as samples.
//
// Thread rule: one thread at a time.
#pragma once

#include <memory>
#include <optional>

#include "engine/av/mp4_muxer.h"
#include "engine/media/export_clock.h"
#include "engine/media/parameter_set_tracker.h"
#include "reel/status.h"
#include "reel/unit.h"

namespace reel {

class Mp4Track {
 public:
  // Why MP4 has no place for such a track; nullopt if it has.
  static std::optional<std::string> WhyNot(const TrackInfo& info);
  // The stream MP4 is to have for the track. FailedPrecondition, saying what is missing, if it
  // cannot be described. REQUIRES: !WhyNot(info).
  static Result<Mp4Stream> Describe(const TrackInfo& info);

  // `info` is what Describe() was given, `start` the wall time of the file's time 0.
  Mp4Track(const TrackInfo& info, WallTime start);

  void BeginRun() { clock_.BeginRun(); }

  // InvalidArgument if `unit` cannot be a sample of the track.
  static Status CheckUnit(const TrackInfo& info, ByteSpan unit);

  // The sample `unit` makes where `info` holds; its bytes are valid until the next call or as long
  // as the unit's. Fails as CheckUnit does.
  Result<Mp4Sample> MakeSample(const UnitView& unit, const TrackInfo& info);

  // Parameter sets other than those of Describe() have come up.
  bool in_band() const { return in_band_; }

 private:
  Result<ByteSpan> VideoBytes(ByteSpan unit, const TrackInfo& info);

  TrackKind kind_;
  Codec codec_;
  ExportClock clock_;
  int64_t default_step_;
  std::optional<ParameterSetTracker> in_force_;  // video: as a decoder of the file has them
  Bytes last_config_;                            // video: of the last unit's info
  bool in_band_ = false;
  Bytes rebuilt_;
};

}  // namespace reel
