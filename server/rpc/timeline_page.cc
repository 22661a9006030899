#include "server/rpc/timeline_page.h"

#include <algorithm>
#include <charconv>

#include "server/rpc/convert.h"

namespace reel::server {
namespace {

constexpr uint32_t kDefaultRows = 1000;
constexpr uint32_t kMaxRows = 10'000;
constexpr Duration kHour = std::chrono::hours(1);
constexpr Duration kFirstStretch = 32 * 24 * kHour;

// Stretches end where buckets of `unit` do, so that none is counted twice.
WallTime EndOfStretch(WallTime begin, Duration length, Duration unit, WallTime last) {
  const int64_t end = (begin + length).ns;
  const int64_t past = ((end % unit.count()) + unit.count()) % unit.count();
  const WallTime cut{end - past > begin.ns ? end - past : end + (unit.count() - past)};
  return std::min(cut, last);
}

size_t RowsOf(const Timeline& timeline) {
  return timeline.spans.size() + timeline.gaps.size() + timeline.buckets.size();
}

void PutRows(const StreamInfo& stream, WallRange range, const Timeline& timeline,
             const v1::TimelineRequest& request, v1::StreamTimeline* to) {
  to->set_stream(ToString(stream.id));
  to->set_name(stream.name);
  Put(range, to->mutable_range());
  if (!request.buckets_only()) {
    for (const Span& span : timeline.spans) {
      v1::Span* const row = to->add_spans();
      row->set_begin_ns(span.range.begin.ns);
      row->set_end_ns(span.range.end.ns);
      row->set_run(ToString(span.run));
    }
    for (const GapRow& gap : timeline.gaps) Put(gap, to->add_gaps());
  }
  if (request.bucket() == v1::BUCKET_NONE) return;
  for (const CoverageRow& bucket : timeline.buckets) {
    v1::Coverage* const row = to->add_buckets();
    row->set_begin_ns(bucket.begin.ns);
    row->set_covered_ns(bucket.covered.count());
    row->set_bytes(bucket.bytes);
    row->set_gops(bucket.gops);
  }
}

}  // namespace

std::string FormatPlace(const TimelinePlace& place) {
  return std::to_string(place.stream) + ":" + std::to_string(place.time.ns);
}

Result<TimelinePlace> ParsePlace(const std::string& token, uint32_t streams, WallRange range) {
  TimelinePlace place;
  const char* const end = token.data() + token.size();
  const auto stream = std::from_chars(token.data(), end, place.stream);
  if (stream.ec == std::errc{} && stream.ptr != end && *stream.ptr == ':') {
    const auto time = std::from_chars(stream.ptr + 1, end, place.time.ns);
    if (time.ec == std::errc{} && time.ptr == end && place.stream < streams &&
        range.contains(place.time)) {
      return place;
    }
  }
  return InvalidArgument("page_token is of no page of this request");
}

Status MakeTimelinePage(Store& store, Visit& visit, const v1::TimelineRequest& request,
                        v1::TimelineResponse* page) {
  if (request.streams().empty() || request.streams_size() > kMaxTimelineStreams) {
    return InvalidArgument("1.." + std::to_string(kMaxTimelineStreams) + " streams");
  }
  if (!v1::Bucket_IsValid(request.bucket())) return InvalidArgument("bucket is none");
  if (request.page_size() > kMaxRows) {
    return InvalidArgument("page_size is at most " + std::to_string(kMaxRows));
  }
  const size_t rows_wanted = request.page_size() == 0 ? kDefaultRows : request.page_size();
  REEL_ASSIGN_OR_RETURN(const WallRange range, BoundedRangeOf(request.range(), kMaxTimelineRange));
  TimelinePlace place{0, range.begin};
  if (!request.page_token().empty()) {
    REEL_ASSIGN_OR_RETURN(place, ParsePlace(request.page_token(),
                                            static_cast<uint32_t>(request.streams_size()), range));
  }
  std::vector<Errand> errands;
  for (const std::string& name : request.streams()) {
    Errand errand;
    errand.stream = name;
    errand.range = range;
    errands.push_back(std::move(errand));
  }
  REEL_ASSIGN_OR_RETURN(const std::vector<StreamInfo> streams, visit.EnterAll(errands));

  const bool by_day = request.bucket() == v1::BUCKET_DAY;
  const Bucket bucket = by_day ? Bucket::kDay : Bucket::kHour;
  const Duration unit = by_day ? 24 * kHour : kHour;
  Duration length = kFirstStretch;
  size_t rows = 0;
  while (place.stream < streams.size()) {
    const WallRange stretch{place.time, EndOfStretch(place.time, length, unit, range.end)};
    const StreamInfo& stream = streams[place.stream];
    REEL_ASSIGN_OR_RETURN(const Timeline timeline, store.GetTimeline(stream.id, stretch, bucket));
    if (RowsOf(timeline) > rows_wanted && length > unit) {
      length = std::max(length / 2, unit);
      continue;
    }
    PutRows(stream, stretch, timeline, request, page->add_streams());
    rows += RowsOf(timeline);
    place.time = stretch.end;
    if (place.time == range.end) place = {place.stream + 1, range.begin};
    if (rows >= rows_wanted && place.stream < streams.size()) {
      page->set_next_page_token(FormatPlace(place));
      return OkStatus();
    }
  }
  return OkStatus();
}

}  // namespace reel::server
