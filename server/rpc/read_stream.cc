#include "server/rpc/read_stream.h"

#include "server/rpc/convert.h"

namespace reel::server {
namespace {

// How often the end of a live stream is looked at; a camera's frame takes 40 ms.
constexpr Duration kLivePoll = std::chrono::milliseconds(20);

}  // namespace

Status ReadStream::Open(const grpc::ByteBuffer& request) {
  REEL_RETURN_IF_ERROR(FromWire(request, kMaxRequestBytes, &request_));
  CursorOptions options;
  REEL_ASSIGN_OR_RETURN(options.range, RangeOf(request_.range()));
  if (!v1::ReadMode_IsValid(request_.mode())) return InvalidArgument("mode is none");
  if (request_.follow() && request_.mode() != v1::READ_MODE_FORWARD) {
    return InvalidArgument("follow goes forward alone");
  }
  if (request_.min_interval_ns() < 0) return InvalidArgument("min_interval_ns is negative");
  if (request_.follow() && !request_.range().has_begin_ns()) {
    options.range.begin = core().clock.WallNow();
    if (options.range.empty()) return InvalidArgument("range: its end is over");
  }
  options.mode = request_.mode() == v1::READ_MODE_REVERSE        ? CursorMode::kReverse
                 : request_.mode() == v1::READ_MODE_CLEAN_POINTS ? CursorMode::kCleanPoints
                                                                 : CursorMode::kForward;
  options.min_interval = Duration{request_.min_interval_ns()};
  options.follow = request_.follow();
  Errand errand;
  errand.stream = request_.stream();
  errand.range = options.range;
  // Live without an end takes no more away than an eye does; recorded footage of any length does.
  const bool only_live = request_.follow() && !request_.range().has_begin_ns();
  errand.weighty = !only_live && !IsGlance(options.range);
  errand.purpose = PurposeOf(request_.purpose());
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, visit().Enter(errand));
  REEL_ASSIGN_OR_RETURN(cursor_, core().store.Read(stream.id, options));
  return OkStatus();
}

bool ReadStream::IsGlance(WallRange range) {
  const Result<StreamInfo> stream = core().store.FindStream(request_.stream());
  // One that is not there has nothing to look at.
  return stream.ok() &&
         core().glances.Take(visit().who().name, stream->id, range, core().clock.MonoNow());
}

ByteStream::Turn ReadStream::Produce() {
  if (TakeWasFull() && live_ && !behind_) {
    behind_ = true;
    caught_up_ = false;
    SayHowManyWereSkipped(true);
  }
  Result<Item> next = cursor_->Next();
  if (!next.ok()) return Turn::End(next.status());
  if (next->kind == ItemKind::kEnd) return AtEnd();
  if (Skips(*next)) return Turn::More();
  return SendItem(std::move(*next));
}

ByteStream::Turn ReadStream::AtEnd() {
  const bool over =
      request_.range().has_end_ns() && core().clock.WallNow().ns >= request_.range().end_ns();
  if (request_.follow() && !over) {
    live_ = true;
    caught_up_ = true;
    return Turn::Wait(kLivePoll);
  }
  v1::ReadResponse response;
  response.mutable_end();
  Send(response);
  return Turn::End(OkStatus());
}

bool ReadStream::Skips(const Item& item) {
  if (!behind_ || item.kind != ItemKind::kUnit) return false;
  if (item.gop_begin) {
    if (caught_up_) {
      behind_ = false;
      SayHowManyWereSkipped(false);
    }
    return false;
  }
  ++skipped_;
  ++core().figures.reader_units_skipped;
  return true;
}

void ReadStream::SayHowManyWereSkipped(bool clean_points_only) {
  v1::ReadResponse response;
  response.mutable_skipped()->set_units(std::exchange(skipped_, 0));
  response.mutable_skipped()->set_clean_points_only(clean_points_only);
  Send(response);
}

ByteStream::Turn ReadStream::SendItem(Item item) {
  v1::ReadResponse response;
  switch (item.kind) {
    case ItemKind::kUnit: {
      v1::ReadUnit* const unit = response.mutable_unit();
      Put(item.unit, unit->mutable_unit());
      unit->set_durable(item.durable);
      unit->set_gop_begin(item.gop_begin);
      Send(response, std::move(item.unit.bytes), 1);
      return Turn::More();
    }
    case ItemKind::kTracks:
      for (const TrackInfo& track : item.tracks)
        Put(track, response.mutable_tracks()->add_tracks());
      break;
    case ItemKind::kRunBegin:
      response.mutable_run()->set_run(ToString(item.run));
      break;
    case ItemKind::kGap:
      Put(item.gap, response.mutable_gap());
      break;
    case ItemKind::kDamage:
      response.mutable_damage()->set_message(item.status.message());
      break;
    case ItemKind::kEnd:
      break;
  }
  Send(response);
  return Turn::More();
}

}  // namespace reel::server
