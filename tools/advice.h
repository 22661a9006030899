// What to do about errors of which the engine and the system can only say what and where.
//
// Thread rule: pure function.
#pragma once

#include <string>

#include "reel/status.h"

namespace reel {

// The message with what to do behind it, where it does not say so yet.
std::string WithAdvice(const Status& status);

}  // namespace reel
