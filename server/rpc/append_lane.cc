#include "server/rpc/append_lane.h"

#include <utility>

#include "server/rpc/convert.h"

namespace reel::server {

Result<std::unique_ptr<AppendLane>> AppendLane::Begin(
    Visit& visit, RpcCore& core, const v1::BeginRun& request,
    std::function<void(const Watermarks&)> on_durable) {
  RunOptions options;
  REEL_ASSIGN_OR_RETURN(options.tracks, TracksOf(request.tracks()));
  if (!request.resume().empty()) {
    options.resume = ParseId<RunId>(request.resume());
    if (!options.resume) return InvalidArgument("resume is no UUID");
  }
  REEL_ASSIGN_OR_RETURN(UnitFraming framing, UnitFraming::Make(options.tracks));
  Errand errand;
  errand.stream = request.stream();
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, visit.Enter(errand));
  options.wall_uncertainty_us = request.wall_uncertainty_us();
  options.on_durable = std::move(on_durable);
  std::unique_ptr<AppendLane> lane(new AppendLane(std::move(framing)));
  lane->stream_ = stream.id;
  lane->bulk_ = request.bulk();
  REEL_ASSIGN_OR_RETURN(lane->writer_, core.store.BeginRun(stream.id, options));
  return lane;
}

Status AppendLane::Append(const v1::AppendUnit& request, const std::string& data) {
  const v1::Unit& given = request.unit();
  if (given.track() > 255) return InvalidArgument("unit.track is over 255");
  UnitView view;
  view.track = {static_cast<uint8_t>(given.track())};
  view.pts = given.pts();
  view.dts = given.dts();
  view.wall = {given.wall_ns()};
  // What is no video has no pictures to look at: what its client says counts.
  if (given.clean()) view.flags |= kUnitClean;
  if (given.loss_before()) view.flags |= kUnitLossBefore;
  view.bytes = std::as_bytes(std::span(data.data(), data.size()));
  const NalFraming framing =
      request.framing() == v1::FRAMING_ANNEX_B ? NalFraming::kAnnexB : NalFraming::kLength4;
  REEL_ASSIGN_OR_RETURN(const UnitFraming::Framed framed, framing_.Frame(view, framing));
  if (framed.tracks_changed) REEL_RETURN_IF_ERROR(writer_->SetTracks(framing_.tracks()));
  REEL_RETURN_IF_ERROR(writer_->Append({given.number()}, framed.unit,
                                       bulk_ ? AppendMode::kBulk : AppendMode::kLive));
  ++units_;
  bytes_ += data.size();
  return OkStatus();
}

Status AppendLane::SetTracks(const v1::Tracks& request) {
  REEL_ASSIGN_OR_RETURN(std::vector<TrackInfo> tracks, TracksOf(request.tracks()));
  REEL_ASSIGN_OR_RETURN(UnitFraming framing, UnitFraming::Make(std::move(tracks)));
  REEL_RETURN_IF_ERROR(writer_->SetTracks(framing.tracks()));
  framing_ = std::move(framing);
  return OkStatus();
}

Status AppendLane::End(v1::EndRun::Cause cause) {
  ended_ = true;
  switch (cause) {
    case v1::EndRun::CAUSE_SOURCE_LOST:
      return writer_->End(EndCause::kSourceLost);
    case v1::EndRun::CAUSE_TIME_BREAK:
      return writer_->End(EndCause::kTimeBreak);
    default:
      return writer_->End(EndCause::kEnded);
  }
}

}  // namespace reel::server
