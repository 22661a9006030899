// reel reindex: throws the index away and derives it from the segments again.
#include <algorithm>

#include "tools/command.h"
#include "tools/holding.h"
#include "tools/interrupt.h"
#include "tools/node_session.h"
#include "tools/place.h"
#include "tools/print.h"
#include "tools/progress.h"
#include "tools/time_args.h"

namespace reel {
namespace {

constexpr Duration kLookEvery = std::chrono::milliseconds{100};
constexpr Duration kServerWait = std::chrono::hours{12};

struct ReindexArgs {
  Place place;
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

// Until every segment is in the index again; a signal leaves the rest to the next opening.
Status AwaitRebuild(NodeSession& session, const Interrupt& interrupt) {
  uint64_t total = 0;
  for (const VolumeInfo& volume : session.store().Volumes()) total += volume.segments_in_use;
  Progress progress({"reindex", 0, total, false, "segment"});
  for (;;) {
    Status idle = session.store().WaitIdle(kLookEvery);
    if (idle.code() != Code::kDeadlineExceeded) return idle;
    if (interrupt.requested()) {
      return {Code::kCancelled,
              "reindex stopped by a signal; whatever opens the node next goes on with it"};
    }
    uint64_t done = 0;
    for (const VolumeInfo& volume : session.store().Volumes()) {
      REEL_ASSIGN_OR_RETURN(const std::vector<SegmentRow> rows,
                            session.store().Segments(volume.number));
      done += rows.size();
    }
    progress.Update(done, std::max(total, done));
  }
}

// What a server tells of its index.
Result<IndexCounts> CountServer(Store& store) {
  IndexCounts counts;
  for (const VolumeInfo& volume : store.Volumes()) counts.segments += volume.segments_in_use;
  for (const StreamInfo& stream : store.Streams()) {
    ++counts.streams;
    REEL_ASSIGN_OR_RETURN(const Holding holding, HoldingOf(store, stream.id));
    counts.gops += holding.gops;
    counts.footage += holding.footage;
  }
  return counts;
}

void Print(const IndexCounts& counts, bool json) {
  if (json) {
    return PrintJson({{"streams", counts.streams},
                      {"segments", counts.segments},
                      {"gops", counts.gops},
                      {"footage_ns", counts.footage.count()}});
  }
  PrintLine("index rebuilt: " + Count(counts.streams, "stream") + ", " +
            Count(counts.segments, "segment") + ", " + Count(counts.gops, "GOP") + ", " +
            FormatDuration(counts.footage) + " of footage");
}

// A server reads its segments again while it goes on recording.
Status ReindexServer(const ReindexArgs& args) {
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForWriting(args.place));
  session->store().RebuildIndex();
  REEL_RETURN_IF_ERROR(session->store().WaitIdle(kServerWait));
  REEL_ASSIGN_OR_RETURN(const IndexCounts counts, CountServer(session->store()));
  Print(counts, args.json);
  return OkStatus();
}

Status RunReindex(const ReindexArgs& args) {
  if (args.place.is_remote()) return ReindexServer(args);
  const Interrupt interrupt;
  REEL_RETURN_IF_ERROR(DeleteIndex(args.place.node));
  REEL_ASSIGN_OR_RETURN(const auto session, NodeSession::OpenForWriting(args.place));
  REEL_RETURN_IF_ERROR(AwaitRebuild(*session, interrupt));
  REEL_ASSIGN_OR_RETURN(const IndexCounts counts, CountIndex(*session));
  REEL_RETURN_IF_ERROR(session->Close());
  Print(counts, args.json);
  return OkStatus();
}

}  // namespace

void AddReindex(CLI::App& app, Action* chosen) {
  auto args = std::make_shared<ReindexArgs>();
  CLI::App& verb =
      *app.add_subcommand("reindex", "Delete the index and rebuild it from the segments");
  AddPlaceOptions(verb, &args->place);
  AddJsonFlag(verb, &args->json);
  SetExamples(verb,
              {{"reindex --node /var/lib/reel", "after an index was lost or is not trusted"}});
  OnChosen(verb, args, RunReindex, chosen);
}

}  // namespace reel
