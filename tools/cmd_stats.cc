// reel stats: what a node holds, in figures.
#include <filesystem>

#include "tools/command.h"
#include "tools/holding.h"
#include "tools/node_session.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/scrub_state.h"
#include "tools/terminal.h"
#include "tools/time_args.h"
#include "tools/volume_report.h"

namespace reel {
namespace {

namespace fs = std::filesystem;

struct StatsArgs {
  Place place;
  bool json = false;
};

struct Totals {
  uint64_t streams = 0;
  uint64_t retired = 0;
  uint64_t gops = 0;
  uint64_t bytes = 0;
  Duration footage{0};
};

Result<Totals> CountFootage(Store& store) {
  Totals totals;
  for (const StreamInfo& stream : store.Streams()) {
    ++totals.streams;
    totals.retired += stream.retired ? 1U : 0U;
    REEL_ASSIGN_OR_RETURN(const Holding holding, HoldingOf(store, stream.id));
    totals.gops += holding.gops;
    totals.bytes += holding.bytes;
    totals.footage += holding.footage;
  }
  return totals;
}

uint64_t DirectoryBytes(const std::string& path) {
  uint64_t bytes = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    const uint64_t size = entry.file_size(error);
    if (!error) bytes += size;
  }
  return bytes;
}

Json CountersJson(const StoreCounters& counters) {
  return {{"units_accepted", counters.units_accepted},
          {"bytes_accepted", counters.bytes_accepted},
          {"units_durable", counters.units_durable},
          {"units_shed", counters.units_shed},
          {"units_resent", counters.units_resent},
          {"chunks_written", counters.chunks_written},
          {"chunk_bytes_written", counters.chunk_bytes_written},
          {"segments_recycled", counters.segments_recycled},
          {"segments_salvaged", counters.segments_salvaged},
          {"acknowledged_chunks_lost", counters.acknowledged_chunks_lost},
          {"buffer_bytes_in_use", counters.buffer_bytes_in_use},
          {"reads_refused_damaged", counters.reads_refused_damaged}};
}

// What only the node itself knows of itself.
struct LocalFacts {
  format::NodeState node;
  uint64_t index_bytes = 0;
  bool index_usable = false;
  ScrubState scrub;
};

void AddLocal(const LocalFacts& facts, Json* json) {
  (*json)["node"] = ToString(facts.node.node);
  (*json)["incarnation"] = facts.node.incarnation;
  (*json)["index_bytes"] = facts.index_bytes;
  (*json)["index_usable"] = facts.index_usable;
  if (facts.scrub.now) (*json)["scrub_now"] = RoundJson(*facts.scrub.now);
  if (facts.scrub.last) (*json)["scrub_last"] = RoundJson(*facts.scrub.last);
}

void PrintLocal(const LocalFacts& facts) {
  PrintLine("writer   opened " + Count(facts.node.incarnation, "time"));
  PrintLine("index    " + FormatSize(facts.index_bytes) +
            (facts.index_usable
                 ? ""
                 : Painted(Colour::kYellow, ", cannot be used: 'reel reindex' makes it anew")));
}

Status RunStats(const StatsArgs& args) {
  const bool is_here = !args.place.is_remote();
  LocalFacts facts;
  if (is_here) {
    REEL_ASSIGN_OR_RETURN(facts.node, ReadNode(args.place.node));
  }
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForReading(args.place));
  if (is_here) {
    facts.index_bytes = DirectoryBytes(args.place.node + "/index");
    facts.index_usable = session->index_usable();
    facts.scrub = LoadScrub(args.place.node);
  }
  Store& store = session->store();
  REEL_ASSIGN_OR_RETURN(const std::vector<VolumeReport> volumes,
                        ReportVolumes(store, SystemClock().WallNow(), is_here));
  REEL_ASSIGN_OR_RETURN(const Totals totals, CountFootage(store));
  if (args.json) {
    Json json{{"streams", totals.streams},
              {"streams_retired", totals.retired},
              {"footage_ns", totals.footage.count()},
              {"footage_bytes", totals.bytes},
              {"gops", totals.gops},
              {"volumes", Json::array()},
              {"counters", CountersJson(store.counters())}};
    for (const VolumeReport& volume : volumes) json["volumes"].push_back(VolumeJson(volume));
    if (is_here) AddLocal(facts, &json);
    PrintJson(json);
    return OkStatus();
  }
  PrintLine("node     " + args.place.name());
  PrintLine("streams  " + std::to_string(totals.streams) +
            (totals.retired > 0 ? ", " + std::to_string(totals.retired) + " retired" : ""));
  PrintLine("footage  " + FormatDuration(totals.footage) + ", " + FormatSize(totals.bytes) + ", " +
            Count(totals.gops, "GOP"));
  if (is_here) PrintLocal(facts);
  for (const VolumeReport& volume : volumes) PrintVolume(volume);
  return OkStatus();
}

}  // namespace

void AddStats(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<StatsArgs>();
  CLI::App& verb = *app.add_subcommand("stats", "What a node holds, in figures");
  AddPlaceOptions(verb, &args->place);
  AddJsonFlag(verb, &args->json);
  SetExamples(verb, {{"stats --node /var/lib/reel", "streams, footage, index and disks"},
                     {"stats --node /var/lib/reel --json", "the same and more for a monitor"}});
  OnChosen(verb, args, RunStats, chosen);
}

}  // namespace reel
