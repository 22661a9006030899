#include "tools/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace reel {
namespace {

std::string_view Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool MayPaint(int fd) {
  return isatty(fd) == 1 && Environment("NO_COLOR").empty() && Environment("TERM") != "dumb";
}

// ECMA-48, select graphic rendition.
const char* CodeOf(Colour colour) {
  switch (colour) {
    case Colour::kRed:
      return "31";
    case Colour::kGreen:
      return "32";
    case Colour::kYellow:
      return "33";
    case Colour::kBold:
      return "1";
    case Colour::kDim:
      break;
  }
  return "2";
}

std::string PaintedOn(int fd, Colour colour, const std::string& text) {
  if (text.empty() || !MayPaint(fd)) return text;
  return std::string("\033[") + CodeOf(colour) + "m" + text + "\033[0m";
}

size_t TerminalSize(unsigned short winsize::*side, const char* variable, size_t otherwise,
                    size_t least) {
  constexpr size_t kMost = 400;
  size_t count = otherwise;
  winsize size{};
  const std::string_view said = Environment(variable);
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.*side > 0) {
    count = size.*side;
  } else {
    std::from_chars(said.data(), said.data() + said.size(), count);
  }
  return std::clamp(count, least, kMost);
}

}  // namespace

std::string Painted(Colour colour, const std::string& text) {
  return PaintedOn(STDOUT_FILENO, colour, text);
}

std::string PaintedForStderr(Colour colour, const std::string& text) {
  return PaintedOn(STDERR_FILENO, colour, text);
}

bool StderrIsTerminal() { return isatty(STDERR_FILENO) == 1; }
bool StdoutIsTerminal() { return isatty(STDOUT_FILENO) == 1; }

size_t TerminalColumns() { return TerminalSize(&winsize::ws_col, "COLUMNS", 100, 40); }
size_t TerminalRows() { return TerminalSize(&winsize::ws_row, "LINES", 24, 8); }

}  // namespace reel
