// reel timeline: where there is footage, where there is none, and why.
#include <algorithm>
#include <cstdio>

#include "tools/command.h"
#include "tools/node_session.h"
#include "tools/print.h"
#include "tools/time_args.h"
#include "tools/timeline_text.h"

namespace reel {
namespace {

constexpr size_t kBarCells = 64;
constexpr size_t kGapsShown = 20;

struct TimelineArgs {
  std::string node;
  std::vector<std::string> streams;
  std::string from;
  std::string to;
  std::string bucket;
  bool json = false;
};

struct Row {
  StreamInfo stream;
  Timeline timeline;
};

Result<std::vector<StreamInfo>> ChooseStreams(Store& store, const std::vector<std::string>& names) {
  if (names.empty()) return store.Streams();
  std::vector<StreamInfo> streams;
  for (const std::string& name : names) {
    REEL_ASSIGN_OR_RETURN(StreamInfo stream, store.FindStream(name));
    streams.push_back(std::move(stream));
  }
  return streams;
}

// The sides left open are set to where the streams' footage begins and ends, so that all bars share
// one scale. Empty when there is no footage.
Result<WallRange> CloseRange(Store& store, const std::vector<StreamInfo>& streams,
                             WallRange asked) {
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

Json GapJson(const GapRow& gap) {
  Json json = RangeJson({gap.begin, gap.end});
  json["cause"] = std::string(GapCauseName(gap.cause));
  if (gap.units_lost != 0) json["units_lost"] = gap.units_lost;
  return json;
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

void PrintGaps(const std::vector<GapRow>& gaps) {
  const size_t shown = std::min(gaps.size(), kGapsShown);
  for (size_t i = 0; i < shown; ++i) {
    const GapRow& gap = gaps[i];
    PrintLine("    gap " + RangeText({gap.begin, gap.end}) + "  " +
              FormatDuration(gap.end - gap.begin) + "  " + std::string(GapCauseName(gap.cause)));
  }
  if (gaps.size() > shown)
    PrintLine("    and " + Count(gaps.size() - shown, "more gap") + "; --json lists all");
}

void PrintRow(const Row& row, WallRange range, int name_width, bool buckets) {
  std::string label = row.stream.name;
  label.resize(std::max(label.size(), static_cast<size_t>(name_width)), ' ');
  const Duration covered = CoveredTime(row.timeline.spans, range);
  PrintLine(label + " |" + DrawBar(row.timeline.spans, range, kBarCells) + "| " +
            FormatDuration(covered));
  if (buckets) {
    for (const CoverageRow& bucket : row.timeline.buckets) {
      PrintLine("    " + FormatWall(bucket.begin, 0) + "  " + FormatDuration(bucket.covered) +
                "  " + FormatSize(bucket.bytes) + "  " + Count(bucket.gops, "GOP"));
    }
  }
  PrintGaps(row.timeline.gaps);
}

Status RunTimeline(const TimelineArgs& args) {
  REEL_ASSIGN_OR_RETURN(const WallRange asked,
                        ParseRange(args.from, args.to, SystemClock().WallNow()));
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.node));
  Store& store = session->store();
  REEL_ASSIGN_OR_RETURN(const std::vector<StreamInfo> streams, ChooseStreams(store, args.streams));
  REEL_ASSIGN_OR_RETURN(const WallRange range, CloseRange(store, streams, asked));
  if (range.empty()) {
    if (args.json) PrintJson(Json::array());
    if (!args.json)
      PrintLine("no footage" + std::string(args.from.empty() && args.to.empty() ? "" : " there"));
    return OkStatus();
  }
  const Bucket bucket = args.bucket == "day" ? Bucket::kDay : Bucket::kHour;
  const bool buckets = !args.bucket.empty();
  size_t name_width = 0;
  for (const StreamInfo& stream : streams) name_width = std::max(name_width, stream.name.size());
  Json json = Json::array();
  if (!args.json)
    PrintLine(RangeText(range) + ", a cell is " +
              FormatDuration((range.end - range.begin) / static_cast<int64_t>(kBarCells)));
  for (const StreamInfo& stream : streams) {
    REEL_ASSIGN_OR_RETURN(Timeline timeline, store.GetTimeline(stream.id, range, bucket));
    const Row row{stream, std::move(timeline)};
    if (args.json) {
      json.push_back(RowJson(row, range, buckets));
    } else {
      PrintRow(row, range, static_cast<int>(name_width), buckets);
    }
  }
  if (args.json) PrintJson(json);
  return OkStatus();
}

}  // namespace

void AddTimeline(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<TimelineArgs>();
  CLI::App& verb =
      *app.add_subcommand("timeline", "Show where there is footage, and why there is none");
  AddNodeOption(verb, &args->node);
  verb.add_option("streams", args->streams, "Names or UUIDs; all if none is given")
      ->type_name("STREAM");
  verb.add_option("--from", args->from, "Default: the first footage")->type_name("TIME");
  verb.add_option("--to", args->to, "Default: the last footage")->type_name("TIME");
  verb.add_option("--bucket", args->bucket, "Also add up by hour or day (UTC)")
      ->check(CLI::IsMember({"hour", "day"}));
  AddJsonFlag(verb, &args->json);
  OnChosen(verb, args, RunTimeline, chosen);
}

}  // namespace reel
