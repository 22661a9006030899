// OpenStreams: how many calls that answer with a stream are open, of each client and of all. Each
// may have a message waiting that is as long as a unit, whatever else is bounded.
//
// Thread rule: all calls from any thread at once.
#pragma once

#include <map>
#include <mutex>
#include <string>

namespace reel::server {

class OpenStreams {
 public:
  // A wall of cameras, or a system in front of Reel that has one identity for all its users.
  static constexpr size_t kMaxOfOne = 1024;
  static constexpr size_t kMaxOfAll = 2 * kMaxOfOne;

  // False: too many. Otherwise Leave belongs to it.
  [[nodiscard]] bool Enter(const std::string& who) {
    const std::lock_guard lock(mutex_);
    if (all_ >= kMaxOfAll) return false;
    size_t& of_one = of_[who];
    if (of_one >= kMaxOfOne) return false;
    ++of_one;
    ++all_;
    return true;
  }
  void Leave(const std::string& who) {
    const std::lock_guard lock(mutex_);
    const auto at = of_.find(who);
    if (--at->second == 0) of_.erase(at);
    --all_;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, size_t> of_;
  size_t all_ = 0;
};

}  // namespace reel::server
