#include "engine/store/timeline.h"

#include <algorithm>

#include "engine/store/history.h"
#include "engine/store/stretch.h"

namespace reel {
namespace {

// What `run` has within `asked`, cut where the ledger knows of gaps.
void AddSpans(const History& history, const RunRow& run, WallRange asked, std::vector<Span>* out) {
  WallTime at = std::max({run.begin, history.oldest(), asked.begin});
  const WallTime end = std::min(run.end, asked.end);
  if (end < at || run.begin >= asked.end) return;
  for (const GapRow& gap : history.gaps()) {
    if (gap.end <= at || gap.begin >= end || !(gap.begin < gap.end)) continue;
    if (at < gap.begin) out->push_back({{at, gap.begin}, run.run, run.cause});
    at = gap.end;
  }
  const bool single = run.begin == run.end;
  if (at < end || (single && at == end)) out->push_back({{at, end}, run.run, run.cause});
}

class GapFinder {
 public:
  GapFinder(const History& history, std::vector<GapRow>* out) : history_(history), out_(out) {}

  // There is no footage in `missing`, which stands between two spans or at an end of the range.
  void Add(WallRange missing) {
    if (missing.empty()) return;
    const bool small = missing.end - missing.begin <= kFootageTolerance;
    if (small && !LedgerKnows(missing)) return;
    const std::vector<GapRow> rows = history_.Explain(missing);
    out_->insert(out_->end(), rows.begin(), rows.end());
  }

 private:
  bool LedgerKnows(WallRange missing) const {
    return std::any_of(history_.gaps().begin(), history_.gaps().end(), [&](const GapRow& gap) {
      return gap.begin < missing.end && gap.end > missing.begin;
    });
  }

  const History& history_;
  std::vector<GapRow>* out_;
};

}  // namespace

Result<Timeline> TimelineIn(Footage& footage, StreamId stream, WallRange range, Bucket bucket) {
  Timeline timeline;
  if (range.empty()) return timeline;
  REEL_ASSIGN_OR_RETURN(const History history, History::Load(footage, stream, range));
  REEL_ASSIGN_OR_RETURN(timeline.buckets, footage.index().Coverage(stream, range, bucket));
  WallTime now = footage.clock().WallNow();
  for (const RunRow& run : history.runs()) now = std::max(now, run.end);
  const WallRange asked{range.begin, std::min(range.end, now)};

  for (const RunRow& run : history.runs()) AddSpans(history, run, asked, &timeline.spans);
  std::stable_sort(timeline.spans.begin(), timeline.spans.end(),
                   [](const Span& a, const Span& b) { return a.range < b.range; });
  GapFinder gaps(history, &timeline.gaps);
  WallTime at = asked.begin;
  for (const Span& span : timeline.spans) {
    gaps.Add({at, span.range.begin});
    at = std::max(at, span.range.end);
  }
  gaps.Add({at, asked.end});
  return timeline;
}

}  // namespace reel
