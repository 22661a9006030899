// Where the library's messages go: a function of the embedder's. The library itself never prints.
// The sink may be called from any thread, never while a lock is held, and must not call
// back into Reel.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace reel {

enum class LogLevel : uint8_t { kInfo, kWarning, kError };

using LogSink = std::function<void(LogLevel, std::string_view)>;

}  // namespace reel
