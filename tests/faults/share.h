// Share: how long and from which seed a time-boxed test runs.
//   REEL_SHARE_SECONDS  its share of time
//   REEL_TEST_LONG=1    to the end, whatever it takes
//   REEL_SEED           where it starts; without it, another place at each run
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "reel/clock.h"

namespace reel {

// The number in an environment variable, if it is set to one.
std::optional<uint64_t> EnvNumber(const std::string& name);

class Share {
 public:
  explicit Share(uint64_t default_seconds);

  bool is_long() const { return is_long_; }
  // Never over in a long run.
  bool over() const;
  double seconds() const;
  uint64_t seed() const { return seed_; }

 private:
  const bool is_long_;
  const uint64_t share_seconds_;
  const uint64_t seed_;
  const MonoTime begin_;
};

}  // namespace reel
