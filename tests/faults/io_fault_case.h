// The cases of io_faults_test: which call of which disk fails, how, once or for ever.
// Thread rule: values.
#pragma once

#include <array>
#include <cerrno>
#include <string>

#include "engine/testing/fault_plan.h"

namespace reel {

struct FaultKind {
  const char* name;
  SeamCall call;
  Fault fault;
};

inline const std::array<FaultKind, 7>& FaultKinds() {
  static const std::array<FaultKind, 7> kinds = {{
      {"EIO", SeamCall::kAny, Fault::Error(EIO)},
      {"ENOSPC", SeamCall::kAny, Fault::Error(ENOSPC)},
      {"short read", SeamCall::kRead, Fault::Short()},
      {"short write", SeamCall::kWrite, Fault::Short()},
      {"EINTR in a read", SeamCall::kRead, Fault::Error(EINTR)},
      {"EINTR in a write", SeamCall::kWrite, Fault::Error(EINTR)},
      {"EIO in a sync", SeamCall::kSync, Fault::Error(EIO)},
  }};
  return kinds;
}

// Everything of a case but n.
struct Family {
  size_t volumes = 1;
  bool small = false;
  size_t disk = 0;  // 0: the state directory's
  size_t kind = 0;
  bool for_ever = false;
  uint64_t calls = 0;  // n is 1..calls

  const FaultKind& fault() const { return FaultKinds()[kind]; }
  bool harmless() const {
    return !for_ever &&
           (fault().fault.kind == Fault::Kind::kShort || fault().fault.system_errno == EINTR);
  }
};

struct Case {
  Family family;
  uint64_t nth = 0;
  uint64_t variant = 0;  // how the life ends and what its index is afterwards

  std::string Text() const {
    const std::string disk =
        family.disk == 0 ? "the state disk" : "volume " + std::to_string(family.disk);
    return std::string(family.fault().name) +
           (family.for_ever ? " for ever from call " : " once at call ") + std::to_string(nth) +
           " of " + disk + ", " + std::to_string(family.volumes) +
           (family.small ? " small" : " large") + " volume(s)";
  }
};

}  // namespace reel
