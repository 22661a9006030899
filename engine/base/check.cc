#include "engine/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace reel {

void CheckFailed(const char* file, int line, const char* condition, const char* why) {
  std::fprintf(stderr, "reel: invariant broken at %s:%d: %s (%s)\n", file, line, condition, why);
  std::abort();
}

}  // namespace reel
