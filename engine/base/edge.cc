#include "engine/base/edge.h"

#include <system_error>

namespace reel {

Status StatusOfException(const std::exception& exception) noexcept {
  try {
    if (const auto* system = dynamic_cast<const std::system_error*>(&exception)) {
      // A thread that cannot be started is EAGAIN.
      const bool full = system->code() == std::errc::resource_unavailable_try_again;
      return {full ? Code::kResourceExhausted : Code::kInternal, exception.what(),
              system->code().value()};
    }
    if (dynamic_cast<const std::bad_alloc*>(&exception) == nullptr)
      return Internal(std::string("unexpected: ") + exception.what());
  } catch (const std::bad_alloc&) {
    // Of the message: said below.
  }
  return ResourceExhausted("out of memory");  // short enough for a string without an allocation
}

}  // namespace reel
