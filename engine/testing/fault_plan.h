// FaultPlan: which call of a disk's seam goes wrong, and how. Used by SimDisk and FaultDisk, so a
// sweep over "the n-th call fails" reads the same on both.
// Thread rule: all calls from any thread at once.
#pragma once

#include <array>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

#include "reel/time.h"
#include "reel/types.h"

namespace reel {

// Calls that are counted and can fail; requests of a queue count when they are submitted.
enum class SeamCall : uint8_t {
  kAny,
  kProbe,
  kList,
  kCreate,
  kOpen,
  kRemove,
  kLock,
  kRead,
  kWrite,
  kSync
};

struct Fault {
  enum class Kind : uint8_t {
    kNone,
    kError,      // the call fails with `system_errno`
    kShort,      // a transfer moves half of what was asked, in 512-byte steps
    kStall,      // completes only after `stall`, or once it is released
    kMisdirect,  // a write is reported as done, but stands in `file` at `offset_bytes`
  };
  Kind kind = Kind::kNone;
  int system_errno = 0;
  Duration stall = Duration::zero();  // zero: until released
  std::string file;
  uint64_t offset_bytes = 0;

  static Fault Error(int system_errno);
  static Fault Short();
  static Fault Stall(Duration stall);
  static Fault Misdirect(std::string file, uint64_t offset_bytes);
};

// What a transfer of `length_bytes` moves under Fault::Kind::kShort.
inline uint32_t ShortLength(uint32_t length_bytes) { return length_bytes / 2 / 512 * 512; }

inline constexpr uint64_t kForEver = std::numeric_limits<uint64_t>::max();

struct FaultRule {
  SeamCall call = SeamCall::kAny;
  Fault fault;
  uint64_t nth = 1;    // the first call hit, from 1, counted over matching calls after AddFault
  uint64_t times = 1;  // how many matching calls in a row; kForEver
  std::string file;    // "": any; else only calls on this file
};

class FaultPlan {
 public:
  void Add(FaultRule rule);
  void Clear();
  // Counts one call and says what happens to it. When rules overlap, the one added first acts.
  Fault Next(SeamCall call, const std::string& file);
  // Calls seen so far; kAny: all of them.
  uint64_t count(SeamCall call = SeamCall::kAny) const;

 private:
  struct Armed {
    FaultRule rule;
    uint64_t seen = 0;
  };
  mutable std::mutex mutex_;
  std::vector<Armed> rules_;
  std::array<uint64_t, 10> counts_{};
};

}  // namespace reel
