// What the tests of server/ingest share: a real store in a temporary folder, cameras over it, and a
// clock that the test can push on.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/testing/memory_index.h"
#include "engine/testing/sim_clock.h"
#include "server/ingest/cameras.h"

namespace reel::server {

// The machine's clock, and what the test adds to it.
class PushedClock : public Clock {
 public:
  WallTime WallNow() override;
  MonoTime MonoNow() override;
  BootId boot_id() override { return SystemClock().boot_id(); }
  void Advance(Duration by);
  void JumpWall(Duration by);

 private:
  std::mutex mutex_;
  Duration wall_{0};
  Duration mono_{0};
};

struct RecordedUnit {
  RunId run;
  Unit unit;
};
struct Recorded {
  std::vector<RecordedUnit> units;
  std::vector<TrackInfo> tracks;  // the last ones
  std::vector<RunId> runs;        // in order

  std::vector<Bytes> Contents(uint8_t track = 0) const;
};

class IngestTest : public testing::Test {
 public:
  ~IngestTest() override;

 protected:
  IngestTest();

  void StartCameras(uint32_t loops = 1);
  // Applies these and nothing else.
  void Apply(const std::vector<CameraConfig>& cameras);
  static CameraConfig CameraAt(const std::string& name, const std::string& url);

  // Waits until `true_now` is; false after a long time.
  bool Await(const std::function<bool()>& true_now);
  bool AwaitTrouble(const std::string& stream, const std::string& part);
  bool AwaitState(const std::string& stream, SourceState state);
  SourceStatus StatusOf(const std::string& stream);
  // Every trouble the stream has had, in order, each once in a row.
  std::vector<std::string> TroublesOf(const std::string& stream);

  StreamId IdOf(const std::string& stream);
  // All units so far.
  Recorded Read(const std::string& stream);
  // The same once there are `units` of them.
  Recorded ReadWhen(const std::string& stream, size_t units);
  // "source-lost 12.0", seconds long, ascending; those of over half a second.
  std::vector<GapRow> GapsOf(const std::string& stream);
  bool HasGap(const std::string& stream, GapCause cause);

  std::filesystem::path folder_;
  PushedClock clock_;
  SeededRandom random_{1};
  MemoryIndex index_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Cameras> cameras_;
  // Of IngestOptions.
  std::vector<std::string> feed_command_;
  size_t max_bytes_per_second_each_ = IngestOptions{}.max_bytes_per_second_each;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::vector<std::string>> troubles_;
};

}  // namespace reel::server
