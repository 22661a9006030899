// CheckStore: every stored byte of a node read and verified, at a capped rate if wanted, with its
// progress on stderr; what `reel verify` and `reel scrub` do.
//
// Thread rule: one call at a time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reel/store.h"
#include "tools/interrupt.h"

namespace reel {

using CheckedUpTo = std::map<VolumeNo, SegmentSerial>;

struct CheckPlan {
  std::string what;                // in front of the progress
  uint64_t bytes_per_second = 0;   // 0: as fast as the disks read
  std::optional<Duration> length;  // stop after it
  CheckedUpTo checked;             // of segments that are passed over
  // Told behind each segment, with what is checked by then.
  std::function<void(const CheckedUpTo& checked, const Store::VerifyReport& report)> on_segment;
};

struct CheckResult {
  Store::VerifyReport report;         // of this call
  std::vector<std::string> problems;  // with the streams' names
  CheckedUpTo checked;
  bool interrupted = false;  // by a signal
};

Result<CheckResult> CheckStore(Store& store, const CheckPlan& plan, const Interrupt& interrupt);

}  // namespace reel
