#include "tests/embed/allocation_failure.h"

#include <cstdlib>
#include <limits>
#include <new>

namespace reel {
namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
thread_local uint64_t allocations_left = kNever;

}  // namespace

AllocationFailure::AllocationFailure(uint64_t n) { allocations_left = n - 1; }
AllocationFailure::~AllocationFailure() { allocations_left = kNever; }
bool AllocationFailure::happened() { return allocations_left == 0; }

}  // namespace reel

#ifndef __SANITIZE_ADDRESS__  // which has its own, and pairs each with its kind
// In place of the standard library's, for this program and every library it loads.
void* operator new(size_t bytes) {
  if (reel::allocations_left != reel::kNever) {
    if (reel::allocations_left == 0) throw std::bad_alloc();
    --reel::allocations_left;
  }
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t /*bytes*/) noexcept { std::free(memory); }
#endif
