// The C ABI: recording.
#include "engine/embed/c_edge.h"

struct reel_run {
  reel::embed::Child child;
  std::unique_ptr<reel::RunWriter> writer;
};

namespace reel::embed {
namespace {

reel_watermarks FromMarks(const Watermarks& marks) {
  return {marks.accepted.value, marks.written.value, marks.durable.value};
}

Result<RunOptions> ToOptions(const reel_run_options& options) {
  RunOptions run;
  REEL_ASSIGN_OR_RETURN(run.tracks, ToTracks(options.tracks, options.track_count));
  if (options.resume != nullptr) run.resume = ToId<RunId>(*options.resume);
  run.wall_uncertainty_us = options.wall_uncertainty_us;
  if (options.on_durable != nullptr) {
    run.on_durable = [tell = options.on_durable,
                      context = options.on_durable_context](const Watermarks& marks) {
      const reel_watermarks told = FromMarks(marks);
      tell(context, &told);
    };
  }
  return run;
}

UnitView ToView(const reel_unit& unit) {
  UnitView view;
  view.track = {unit.track};
  view.flags = unit.flags;
  view.pts = unit.pts;
  view.dts = unit.dts;
  view.wall = {unit.wall_ns};
  view.bytes = {static_cast<const std::byte*>(unit.data), unit.data_bytes};
  return view;
}

}  // namespace
}  // namespace reel::embed

using namespace reel::embed;  // NOLINT(google-build-using-namespace): the functions of C are theirs

extern "C" {

int32_t reel_begin_run(reel_node* node, const reel_id* stream, const reel_run_options* options,
                       reel_run** run, reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(
        NotNull({{"node", node}, {"stream", stream}, {"options", options}, {"run", run}}));
    *run = nullptr;
    REEL_ASSIGN_OR_RETURN(const reel_run_options taken, Take("reel_run_options", options));
    REEL_ASSIGN_OR_RETURN(const reel::RunOptions run_options, ToOptions(taken));
    std::unique_ptr<reel_run> begun(new reel_run{Child(node), nullptr});
    REEL_ASSIGN_OR_RETURN(begun->writer,
                          node->store().BeginRun(ToId<reel::StreamId>(*stream), run_options));
    *run = begun.release();
    return reel::OkStatus();
  });
}

void reel_run_id(const reel_run* run, reel_id* id) { *id = FromId(run->writer->run()); }

int32_t reel_append(reel_run* run, const reel_unit* unit, int32_t mode, reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(NotNull({{"run", run}, {"unit", unit}}));
    REEL_ASSIGN_OR_RETURN(const auto chosen, Chosen("mode", mode, reel::AppendMode::kBulk));
    REEL_ASSIGN_OR_RETURN(const reel_unit taken, Take("reel_unit", unit));
    REEL_RETURN_IF_ERROR(NotNull({{"data", taken.data}}));
    return run->writer->Append({taken.number}, ToView(taken), chosen);
  });
}

int32_t reel_set_tracks(reel_run* run, const reel_track* tracks, size_t track_count,
                        reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(NotNull({{"run", run}}));
    REEL_ASSIGN_OR_RETURN(const auto infos, ToTracks(tracks, track_count));
    return run->writer->SetTracks(infos);
  });
}

void reel_flush(reel_run* run) { run->writer->Flush(); }

void reel_get_watermarks(const reel_run* run, reel_watermarks* marks) {
  *marks = FromMarks(run->writer->watermarks());
}

int32_t reel_wait_durable(reel_run* run, uint64_t end, int64_t wait_ns, reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    REEL_RETURN_IF_ERROR(NotNull({{"run", run}}));
    return run->writer->WaitDurable({end}, Wait(wait_ns));
  });
}

int32_t reel_end_run(reel_run* run, int32_t cause, reel_status* status) {
  return Run(status, [&]() -> reel::Status {
    if (run == nullptr) return reel::OkStatus();
    const std::unique_ptr<reel_run> ending(run);
    REEL_ASSIGN_OR_RETURN(const auto chosen, Chosen("cause", cause, reel::EndCause::kShutdown));
    return ending->writer->End(chosen);
  });
}

}  // extern "C"
