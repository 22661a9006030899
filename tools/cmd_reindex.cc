// reel reindex: throws the index away and derives it from the segments again.
#include "tools/command.h"
#include "tools/node_session.h"
#include "tools/print.h"
#include "tools/time_args.h"

namespace reel {
namespace {

constexpr Duration kRebuildWait = std::chrono::hours{24};

struct ReindexArgs {
  std::string node;
  bool json = false;
};

struct IndexCounts {
  uint64_t streams = 0;
  uint64_t segments = 0;
  uint64_t gops = 0;
  Duration footage{0};
};

Result<IndexCounts> CountIndex(NodeSession& session) {
  IndexCounts counts;
  for (const VolumeInfo& volume : session.store().Volumes()) {
    REEL_ASSIGN_OR_RETURN(const std::vector<SegmentRow> rows,
                          session.index().Segments(volume.number));
    counts.segments += rows.size();
  }
  for (const StreamInfo& stream : session.store().Streams()) {
    ++counts.streams;
    REEL_ASSIGN_OR_RETURN(const std::vector<CoverageRow> rows,
                          session.index().Coverage(stream.id, {kWallMin, kWallMax}, Bucket::kDay));
    for (const CoverageRow& row : rows) {
      counts.gops += row.gops;
      counts.footage += row.covered;
    }
  }
  return counts;
}

Status RunReindex(const ReindexArgs& args) {
  REEL_RETURN_IF_ERROR(DeleteIndex(args.node));
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForWriting(args.node));
  REEL_RETURN_IF_ERROR(session->store().WaitIdle(kRebuildWait));
  REEL_ASSIGN_OR_RETURN(const IndexCounts counts, CountIndex(*session));
  REEL_RETURN_IF_ERROR(session->Close());
  if (args.json) {
    PrintJson({{"streams", counts.streams},
               {"segments", counts.segments},
               {"gops", counts.gops},
               {"footage_ns", counts.footage.count()}});
    return OkStatus();
  }
  PrintLine("index rebuilt: " + Count(counts.streams, "stream") + ", " +
            Count(counts.segments, "segment") + ", " + Count(counts.gops, "GOP") + ", " +
            FormatDuration(counts.footage) + " of footage");
  return OkStatus();
}

}  // namespace

void AddReindex(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<ReindexArgs>();
  CLI::App& verb =
      *app.add_subcommand("reindex", "Delete the index and rebuild it from the segments");
  AddNodeOption(verb, &args->node);
  AddJsonFlag(verb, &args->json);
  OnChosen(verb, args, RunReindex, chosen);
}

}  // namespace reel
