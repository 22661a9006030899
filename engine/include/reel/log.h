// Where the library's messages go: a function of the embedder's. The library itself never prints.
// The sink may be called from any thread, never while a lock is held, and must not call
// back into Reel nor throw. The one exception are last words: an invariant of the library's that is
// broken ends the process (abort), and before that one line at kError goes to the log of every open
// store, from the thread that found it and under whatever lock it holds. Only where no store has a
// log does that line go to stderr.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace reel {

enum class LogLevel : uint8_t { kInfo, kWarning, kError };

using LogSink = std::function<void(LogLevel, std::string_view)>;

}  // namespace reel
