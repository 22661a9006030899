// Glances: how much footage of a camera somebody has been given lately without saying why. A read
// of up to kMost is a glance; many of them, one behind the other, are a long read.
//
// What is asked for twice counts once: to look at the same half minute again takes no more away.
// Thread rule: all calls from any thread at once.
// Bounds: kMaxLooks of one client at one stream, kMaxStreams of one client, kMaxPairs of clients
// and streams, 20 MiB of memory in all; what is beyond one of them is no glance.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "reel/time.h"
#include "reel/types.h"

namespace reel::server {

class Glances {
 public:
  static constexpr Duration kMost = std::chrono::seconds(60);
  static constexpr Duration kWindow = std::chrono::minutes(10);
  static constexpr size_t kMaxLooks = 32;
  static constexpr size_t kMaxStreams = 1024;
  static constexpr size_t kMaxPairs = 16 * kMaxStreams;

  // Whether a read of `range` is a glance, with whatever else `who` has been given of that stream
  // within kWindow. It counts if it is.
  bool Take(const std::string& who, StreamId stream, WallRange range, MonoTime now);

 private:
  struct Look {
    MonoTime at;
    WallRange range;
  };
  using Looks = std::vector<Look>;
  using Pair = std::pair<std::string, StreamId>;

  // There is room for another one.
  bool HasRoom(const Pair& pair, MonoTime now);

  std::mutex mutex_;
  std::map<Pair, Looks> looks_;
};

}  // namespace reel::server
