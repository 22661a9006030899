// What the command may do to a terminal: colours, and how wide it is. A pipe or a file gets plain
// text.
//
// Colours: only where stdout or stderr is a terminal that is not "dumb", and NO_COLOR is not set to
// anything (https://no-color.org).
// Thread rule: pure functions of the environment and the two descriptors.
#pragma once

#include <cstddef>
#include <string>

namespace reel {

enum class Colour { kRed, kGreen, kYellow, kBold, kDim };

// For stdout, respectively stderr; the text as it is where colours may not be.
std::string Painted(Colour colour, const std::string& text);
std::string PaintedForStderr(Colour colour, const std::string& text);

bool StderrIsTerminal();
bool StdoutIsTerminal();
// ECMA-48: an empty screen with the cursor home; the cursor alone; empty from there on.
inline constexpr const char* kClearScreen = "\x1b[H\x1b[2J";
inline constexpr const char* kCursorHome = "\x1b[H";
inline constexpr const char* kClearToEndOfLine = "\x1b[K";
inline constexpr const char* kClearBelow = "\x1b[J";

// Of stdout's terminal, else what COLUMNS says, else 100. At least 40, at most 400.
size_t TerminalColumns();
// Lines of it, else what LINES says, else 24. At least 8, at most 400.
size_t TerminalRows();

}  // namespace reel
