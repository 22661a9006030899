// Memory that runs out: the n-th allocation of this thread fails, as operator new does when the
// machine has no more. Other threads go on undisturbed.
#pragma once

#include <cstdint>

namespace reel {

// While it lives, the `n`-th allocation from now on (from 1) and all behind it throw bad_alloc.
class AllocationFailure {
 public:
  explicit AllocationFailure(uint64_t n);
  ~AllocationFailure();
  AllocationFailure(const AllocationFailure&) = delete;
  AllocationFailure& operator=(const AllocationFailure&) = delete;

  static bool happened();  // of this thread's
};

}  // namespace reel
