// reel timeline: where there is footage, where there is none, and why.
#include <algorithm>

#include "tools/command.h"
#include "tools/exporter.h"
#include "tools/local_time.h"
#include "tools/node_session.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/stream_names.h"
#include "tools/terminal.h"
#include "tools/time_args.h"
#include "tools/timeline_text.h"

namespace reel {
namespace {

constexpr size_t kGapsShown = 20;

struct TimelineArgs {
  Place place;
  std::vector<std::string> streams;
  std::string from;
  std::string to;
  std::string bucket;
  bool gaps = false;
  bool json = false;
};

struct Row {
  StreamInfo stream;
  Timeline timeline;
};

// How the bars stand on the screen: one scale for all of them.
struct Layout {
  WallRange range;
  size_t name_columns = 0;
  size_t cells = 0;
};

// The sides left open are set to where the streams' footage begins and ends, so that all bars share
// one scale. Empty when there is no footage.
Result<WallRange> CloseRange(Store& store, const std::vector<StreamInfo>& streams,
                             WallRange asked) {
  if (asked.begin != kWallMin && asked.end != kWallMax) return asked;
  WallRange footage{kWallMax, kWallMin};
  for (const StreamInfo& stream : streams) {
    const Result<SeekPoint> first = store.Seek(stream.id, kWallMin, SeekRule::kAtOrBefore);
    if (first.status().code() == Code::kNotFound) continue;
    if (!first.ok()) return first.status();
    REEL_ASSIGN_OR_RETURN(const SeekPoint last,
                          store.Seek(stream.id, kWallMax, SeekRule::kBackward));
    // The last GOP ends within kCoverMax of its clean point.
    const WallRange tail{last.begin, last.begin + kCoverMax};
    REEL_ASSIGN_OR_RETURN(const Timeline end, store.GetTimeline(stream.id, tail, Bucket::kHour));
    footage.begin = std::min(footage.begin, first->begin);
    for (const Span& span : end.spans)
      footage.end = std::max(footage.end, std::min(span.range.end, tail.end));
  }
  if (asked.begin == kWallMin) asked.begin = footage.begin;
  if (asked.end == kWallMax) asked.end = footage.end;
  return asked;
}

Json RowJson(const Row& row, WallRange range, bool buckets) {
  Json json{
      {"stream", row.stream.name}, {"id", ToString(row.stream.id)}, {"range", RangeJson(range)}};
  json["spans"] = Json::array();
  for (const Span& span : row.timeline.spans) {
    Json item = RangeJson(span.range);
    item["run"] = ToString(span.run);
    json["spans"].push_back(std::move(item));
  }
  json["gaps"] = Json::array();
  for (const GapRow& gap : row.timeline.gaps) json["gaps"].push_back(GapJson(gap));
  if (!buckets) return json;
  json["buckets"] = Json::array();
  for (const CoverageRow& bucket : row.timeline.buckets) {
    json["buckets"].push_back({{"begin", FormatWall(bucket.begin, 9)},
                               {"covered_ns", bucket.covered.count()},
                               {"bytes", bucket.bytes},
                               {"gops", bucket.gops}});
  }
  return json;
}

// Names stand in a column of their own as long as half of the screen is left for the bar.
Layout LayOut(const std::vector<StreamInfo>& streams, WallRange range) {
  constexpr size_t kTotalColumns = 16;  // behind the bar: "| 30d 23h 59m"
  const size_t columns = TerminalColumns();
  Layout layout;
  layout.range = range;
  for (const StreamInfo& stream : streams) {
    layout.name_columns = std::max(layout.name_columns, stream.name.size());
  }
  layout.name_columns = std::min(layout.name_columns, columns / 3);
  layout.cells = columns - layout.name_columns - kTotalColumns;
  return layout;
}

void PrintHead(const Layout& layout) {
  const Duration cell =
      (layout.range.end - layout.range.begin) / static_cast<int64_t>(layout.cells);
  PrintLine(RangeText(layout.range) + ", a cell is " + FormatDuration(cell));
  PrintLine(Painted(Colour::kDim, std::string(layout.name_columns + 2, ' ') +
                                      DrawAxis(layout.range, layout.cells)));
}

void PrintGaps(const std::vector<GapRow>& gaps, size_t most) {
  const size_t shown = std::min(gaps.size(), most);
  for (size_t i = 0; i < shown; ++i) {
    const GapRow& gap = gaps[i];
    PrintLine("    gap " + RangeText({gap.begin, gap.end}) + "  " +
              FormatDuration(gap.end - gap.begin) + "  " +
              Painted(Colour::kYellow, std::string(GapCauseName(gap.cause))));
  }
  if (gaps.size() > shown)
    PrintLine("    and " + Count(gaps.size() - shown, "more gap") + "; --json lists all");
}

std::string NameColumn(const std::string& name, size_t columns) {
  if (name.size() > columns && columns > 1) return name.substr(0, columns - 1) + ">";
  return name + std::string(columns - std::min(columns, name.size()), ' ');
}

void PrintRow(const Row& row, const Layout& layout, bool buckets) {
  const Duration covered = CoveredTime(row.timeline.spans, layout.range);
  PrintLine(Painted(Colour::kBold, NameColumn(row.stream.name, layout.name_columns)) + " |" +
            Painted(Colour::kGreen, DrawBar(row.timeline.spans, layout.range, layout.cells)) +
            "| " + FormatDuration(covered));
  if (!buckets) return;
  for (const CoverageRow& bucket : row.timeline.buckets) {
    PrintLine("    " + LocalText(bucket.begin, 0) + "  " + FormatDuration(bucket.covered) + "  " +
              FormatSize(bucket.bytes) + "  " + Count(bucket.gops, "GOP"));
  }
}

Status RunTimeline(const TimelineArgs& args) {
  REEL_ASSIGN_OR_RETURN(const WallRange asked,
                        ParseRange(args.from, args.to, SystemClock().WallNow()));
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.place));
  Store& store = session->store();
  REEL_ASSIGN_OR_RETURN(const std::vector<StreamInfo> streams, ChooseStreams(store, args.streams));
  REEL_ASSIGN_OR_RETURN(const WallRange range, CloseRange(store, streams, asked));
  if (range.empty() || streams.empty()) {
    if (args.json) PrintJson(Json::array());
    if (!args.json)
      PrintLine("no footage" + std::string(args.from.empty() && args.to.empty() ? "" : " there"));
    return OkStatus();
  }
  const Bucket bucket = args.bucket == "day" ? Bucket::kDay : Bucket::kHour;
  const bool buckets = !args.bucket.empty();
  const Layout layout = LayOut(streams, range);
  // Of many streams the bars are what is wanted; the gaps of all of them would drown these.
  const bool gaps = args.gaps || streams.size() == 1;
  Json json = Json::array();
  if (!args.json) PrintHead(layout);
  for (const StreamInfo& stream : streams) {
    REEL_ASSIGN_OR_RETURN(Timeline timeline, store.GetTimeline(stream.id, range, bucket));
    const Row row{stream, std::move(timeline)};
    if (args.json) {
      json.push_back(RowJson(row, range, buckets));
      continue;
    }
    PrintRow(row, layout, buckets);
    if (gaps) PrintGaps(row.timeline.gaps, kGapsShown);
  }
  if (args.json) PrintJson(json);
  return OkStatus();
}

}  // namespace

void AddTimeline(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<TimelineArgs>();
  CLI::App& verb =
      *app.add_subcommand("timeline", "Show where there is footage, and why there is none");
  AddPlaceOptions(verb, &args->place);
  verb.add_option("streams", args->streams, "Names or UUIDs; all if none is given")
      ->type_name("STREAM");
  verb.add_option("--from", args->from, "Default: the first footage")->type_name("TIME");
  verb.add_option("--to", args->to, "Default: the last footage")->type_name("TIME");
  verb.add_option("--bucket", args->bucket, "Also add up by hour or day (UTC)")
      ->check(CLI::IsMember({"hour", "day"}));
  verb.add_flag("--gaps", args->gaps, "List the gaps, of more than one stream too");
  AddJsonFlag(verb, &args->json);
  SetExamples(
      verb, {{"timeline --node /var/lib/reel --from -24h --to now", "the last day of every stream"},
             {"timeline --node /var/lib/reel gate-east --from -90d --to now --bucket day",
              "90 days of one, added up by day"}});
  OnChosen(verb, args, RunTimeline, chosen);
}

}  // namespace reel
