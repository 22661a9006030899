#include "tools/timeline_text.h"

#include <algorithm>

#include "engine/base/check.h"
#include "tools/local_time.h"

namespace reel {
namespace {

// Ascending, disjoint, cut to `range`.
std::vector<WallRange> Flatten(const std::vector<Span>& spans, WallRange range) {
  std::vector<WallRange> sorted;
  for (const Span& span : spans) {
    const WallRange cut{std::max(span.range.begin, range.begin),
                        std::min(span.range.end, range.end)};
    if (!cut.empty()) sorted.push_back(cut);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<WallRange> flat;
  for (const WallRange& next : sorted) {
    if (flat.empty() || flat.back().end < next.begin) {
      flat.push_back(next);
    } else {
      flat.back().end = std::max(flat.back().end, next.end);
    }
  }
  return flat;
}

Duration Covered(const std::vector<WallRange>& flat, WallRange range) {
  Duration covered{0};
  for (const WallRange& part : flat) {
    const WallTime begin = std::max(part.begin, range.begin);
    const WallTime end = std::min(part.end, range.end);
    if (begin < end) covered += end - begin;
  }
  return covered;
}

}  // namespace

std::string DrawBar(const std::vector<Span>& spans, WallRange range, size_t cells) {
  REEL_CHECK(!range.empty() && cells > 0, "a bar stands for some time");
  const std::vector<WallRange> flat = Flatten(spans, range);
  const Duration length = range.end - range.begin;
  const auto count = static_cast<int64_t>(cells);
  // In parts of a cell, so that a range of centuries does not overflow.
  const auto edge = [&](int64_t cell) {
    return range.begin + (length / count * cell + length % count * cell / count);
  };
  std::string bar;
  for (int64_t i = 0; i < count; ++i) {
    const WallRange cell{edge(i), edge(i + 1)};
    const Duration covered = Covered(flat, cell);
    const bool whole = covered == cell.end - cell.begin && covered.count() > 0;
    bar += covered.count() == 0 ? '.' : whole ? '#' : '+';
  }
  return bar;
}

std::string DrawAxis(WallRange range, size_t cells) {
  REEL_CHECK(!range.empty() && cells > 0, "an axis stands for some time");
  constexpr size_t kCellsApart = 16;
  constexpr size_t kDateChars = 10;    // 2026-11-22
  constexpr size_t kClockBegin = 11;   // behind the T
  constexpr size_t kClockChars = 5;    // 14:05
  constexpr size_t kSecondsChars = 8;  // 14:05:30
  const Duration length = range.end - range.begin;
  const bool days = length > std::chrono::hours{48};
  const bool seconds = length < std::chrono::minutes{10};
  std::string axis;
  for (size_t cell = 0; cell + kDateChars <= cells; cell += kCellsApart) {
    const auto count = static_cast<int64_t>(cells);
    const auto at = static_cast<int64_t>(cell);
    const WallTime time = range.begin + (length / count * at + length % count * at / count);
    const std::string text = LocalText(time, 0);
    axis.resize(cell, ' ');
    axis += days ? text.substr(0, kDateChars)
                 : text.substr(kClockBegin, seconds ? kSecondsChars : kClockChars);
  }
  return axis;
}

Duration CoveredTime(const std::vector<Span>& spans, WallRange range) {
  return Covered(Flatten(spans, range), range);
}

}  // namespace reel
