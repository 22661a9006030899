// Cameras: everything that reeld records from, each with its connection and its state.
//
// Thread rule: all calls from any thread. A few event loops of its own, each serving many cameras;
// a camera that misbehaves harms only itself.
// Ownership: outlives neither the Store nor the Clock it was given.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reel/clock.h"
#include "reel/log.h"
#include "reel/store.h"
#include "server/config/config.h"

namespace reel::server {

enum class SourceState : uint8_t {
  kOff,         // its mode does not want it
  kConnecting,  // on its way: connected, described, set up
  kRecording,
  kWaiting,  // failed; tries again at a time of its own (back-off)
};

// What is wrong with a source, the worst first.
enum class TroubleKind : uint8_t {
  kNone,
  kLost,      // no connection, or it ended
  kStore,     // the store does not take its units
  kSilent,    // nothing comes
  kFloods,    // more comes than is recorded of one source
  kFlapping,  // comes and goes
  kLate,      // comes later than it was captured
  kClock,     // its clock is off or drifts
};
std::string_view NameOf(TroubleKind kind);  // as in metrics: "silent"

// One source as seen half a second ago at most. Counters are of what was received since the source
// was applied or changed, recorded or not (between events nothing is).
struct SourceStatus {
  std::string camera;
  std::string stream;
  SourceState state = SourceState::kOff;
  std::string
      trouble;  // empty when well; else one line: "login refused", "silent for 11 s", "late by 3 s"
  TroubleKind trouble_kind = TroubleKind::kNone;
  std::optional<WallTime> recording_since;
  std::optional<WallTime> last_unit;  // arrival
  std::optional<WallTime> last_clean_point;
  double bits_per_second = 0;  // over the last seconds
  double frames_per_second = 0;
  uint64_t units = 0;
  uint64_t bytes = 0;
  uint64_t packets_lost = 0;
  uint64_t reconnects = 0;
  Duration clock_offset{0};  // camera minus node
  Duration flush_age{0};     // since its oldest unit that is not durable came; 0: all of it is
};

// Missing time that sources have told the store of, since the start.
struct GapFigures {
  struct OfCause {
    uint64_t count = 0;
    Duration length{0};
  };
  std::map<GapCause, OfCause> by_cause;
  uint64_t waiting = 0;  // to be written by the store
  uint64_t dropped = 0;  // too many waited
};

struct IngestOptions {
  Store* store = nullptr;
  Clock* clock = nullptr;    // SystemClock() if null
  Random* random = nullptr;  // SystemRandom() if null
  uint32_t loops = 1;        // 1..16 threads
  // Starts the process that reads a source "ffmpeg:..." (server/feed): path and arguments. Empty:
  // such sources are Unimplemented.
  std::vector<std::string> feed_command;
  // A source is read no faster than that: whoever sends more waits.
  size_t max_bytes_per_second_each = 64U << 20;
  LogSink log;
  // Called when the state or the trouble of a source has changed, on the thread that serves it:
  // must neither wait nor call back.
  std::function<void(const SourceStatus&)> on_change;
};

class Cameras {
 public:
  // Loops run, no camera yet.
  static Result<std::unique_ptr<Cameras>> Start(const IngestOptions& options);
  virtual ~Cameras() = default;

  // Makes the set of cameras what is given: adds, removes, and reconnects those alone whose
  // configuration changed. Streams that are missing in the store are created. Blocks: a sync per
  // new stream. An error names the camera; the others are as asked.
  virtual Status Apply(const std::vector<CameraConfig>& cameras) = 0;

  virtual std::vector<SourceStatus> Sources() = 0;
  virtual GapFigures Gaps() = 0;

  // Something happened at a camera (kEvent). NotFound.
  virtual Status Event(const std::string& camera, WallTime when) = 0;

  // Ends every connection, child and run; what was received is in the store. Once.
  virtual void Stop() = 0;
};

}  // namespace reel::server
