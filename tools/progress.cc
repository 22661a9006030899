#include "tools/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "reel/clock.h"
#include "tools/print.h"
#include "tools/terminal.h"
#include "tools/time_args.h"

namespace reel {
namespace {

constexpr Duration kQuiet = std::chrono::seconds{1};
constexpr Duration kDrawEvery = std::chrono::milliseconds{100};
constexpr size_t kBarCells = 20;

std::string Amount(const ProgressState& state, uint64_t amount) {
  return state.bytes ? FormatSize(amount) : Count(amount, state.noun);
}

std::string Bar(double share) {
  const auto full = static_cast<size_t>(share * kBarCells);
  return "[" + std::string(full, '#') + std::string(kBarCells - full, '.') + "]";
}

// In whole seconds.
std::string LeftText(double seconds) {
  constexpr double kMost = 100.0 * 86'400;
  const auto whole = static_cast<int64_t>(std::ceil(std::min(seconds, kMost)));
  if (whole < 60) return std::to_string(whole) + " s left";
  return FormatDuration(std::chrono::seconds{whole}) + " left";
}

}  // namespace

std::string ProgressText(const ProgressState& state, Duration elapsed, size_t columns) {
  const double seconds = std::max(std::chrono::duration<double>(elapsed).count(), 0.001);
  const double rate = static_cast<double>(state.done) / seconds;
  std::string text = state.what.empty() ? "" : state.what + "  ";
  if (state.total > 0) {
    const double share =
        std::min(1.0, static_cast<double>(state.done) / static_cast<double>(state.total));
    std::string percent = std::to_string(static_cast<int>(share * 100));
    percent.insert(0, 3 - std::min<size_t>(3, percent.size()), ' ');
    text += Bar(share) + " " + percent + " %  " + Amount(state, state.done) + " of " +
            Amount(state, state.total);
  } else {
    text += Amount(state, state.done);
  }
  if (state.bytes) text += "  " + FormatSize(static_cast<uint64_t>(rate)) + "/s";
  if (state.total > state.done && rate > 0) {
    text += "  " + LeftText(static_cast<double>(state.total - state.done) / rate);
  }
  if (text.size() > columns) text.resize(columns);
  return text;
}

Progress::Progress(ProgressState state)
    : state_(std::move(state)), began_(SystemClock().MonoNow()), shown_(StderrIsTerminal()) {}

Progress::~Progress() {
  if (visible_) std::fputs("\r\033[K", stderr);
}

void Progress::Update(uint64_t done, uint64_t total) {
  if (!shown_) return;
  state_.done = done;
  state_.total = total;
  const MonoTime now = SystemClock().MonoNow();
  if (now - began_ < kQuiet || (visible_ && now - drawn_ < kDrawEvery)) return;
  drawn_ = now;
  visible_ = true;
  const std::string line = ProgressText(state_, now - began_, TerminalColumns() - 1);
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
}

}  // namespace reel
