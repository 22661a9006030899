// Denials: how many refusals of one identity go into the audit one by one. Who asks a thousand
// times a second for what is not granted would fill the disk with it; beyond kBurst and one a
// second they are counted and told with the next one that is recorded.
//
// Thread rule: all calls from any thread at once. Bounds: kMaxIdentities; of more, all are
// recorded.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "reel/time.h"

namespace reel::server {

class Denials {
 public:
  static constexpr double kBurst = 60;
  static constexpr size_t kMaxIdentities = 4096;

  // How many were passed over since the last one that was recorded; nullopt: pass over this one.
  std::optional<uint64_t> Count(const std::string& who, MonoTime now) {
    const std::lock_guard lock(mutex_);
    if (seen_.size() >= kMaxIdentities && !seen_.contains(who)) return 0;
    Seen& seen = seen_.try_emplace(who, Seen{kBurst, now, 0}).first->second;
    seen.left += std::chrono::duration<double>(now - seen.at).count();
    if (seen.left > kBurst) seen.left = kBurst;
    seen.at = now;
    if (seen.left < 1) {
      ++seen.passed;
      return std::nullopt;
    }
    seen.left -= 1;
    return std::exchange(seen.passed, 0);
  }

 private:
  struct Seen {
    double left;
    MonoTime at;
    uint64_t passed;
  };
  std::mutex mutex_;
  std::map<std::string, Seen> seen_;
};

}  // namespace reel::server
