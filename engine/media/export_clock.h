// The times one track's units get in a file that begins at its first unit: media time where it can
// be trusted, the wall clock where it cannot.
//
// Invariants: dts rises strictly from unit to unit; pts >= dts.
// Thread rule: one thread at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "reel/time.h"
#include "reel/unit.h"

namespace reel {

class ExportClock {
 public:
  struct Times {
    int64_t pts = 0;
    int64_t dts = 0;
  };

  // `start` is the wall time of the file's time 0. REQUIRES: timescale is not 0.
  ExportClock(uint32_t timescale, WallTime start) : timescale_(timescale), start_(start) {}

  // From decoding to presentation, as far as it can be believed: 0..10 s, in the track's timescale.
  static int64_t DelayOf(const UnitView& unit, uint32_t timescale);

  // The next unit's media time has nothing to do with the one before.
  void BeginRun() { new_run_ = true; }

  // In the track's timescale; dts may be negative for a unit captured before `start`.
  Times Place(const UnitView& unit);

  // How far the last unit was from the one before.
  int64_t last_step() const { return last_step_; }

 private:
  struct Placed {
    int64_t media_dts = 0;  // as in the unit
    WallTime wall;
    int64_t ideal_dts = 0;  // in the file, as if equal ones were allowed
    int64_t dts = 0;
  };

  int64_t ToTicks(Duration duration) const;
  int64_t StepTo(const UnitView& unit) const;

  uint32_t timescale_;
  WallTime start_;
  std::optional<Placed> last_;
  int64_t last_step_ = 0;
  bool new_run_ = false;
};

}  // namespace reel
