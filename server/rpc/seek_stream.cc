#include "server/rpc/seek_stream.h"

#include "server/rpc/convert.h"

namespace reel::server {

SeekPlace PlaceOf(const SeekPoint& point, const Item& item) {
  if (item.run == point.run && item.unit.number == point.unit) return SeekPlace::kKey;
  // GOPs come in the order in which they begin.
  const bool behind = item.gop_begin && item.unit.wall > point.begin;
  return behind ? SeekPlace::kGone : SeekPlace::kBefore;
}

Status SeekStream::Open(const grpc::ByteBuffer& request) {
  REEL_RETURN_IF_ERROR(FromWire(request, kMaxRequestBytes, &request_));
  const WallTime time{request_.time_ns()};
  Errand errand;
  errand.stream = request_.stream();
  errand.range = WallRange{time, time};
  errand.purpose = PurposeOf(request_.purpose());
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, visit().EnterAhead(errand));
  const bool backward = request_.rule() == v1::SEEK_RULE_BACKWARD;
  REEL_ASSIGN_OR_RETURN(
      point_,
      core().store.Seek(stream.id, time, backward ? SeekRule::kBackward : SeekRule::kAtOrBefore));
  CursorOptions options;
  options.range = {point_.begin, kWallMax};
  REEL_ASSIGN_OR_RETURN(cursor_, core().store.Read(stream.id, options));
  Put(point_, first_.mutable_point());
  return OkStatus();
}

bool SeekStream::IsBehind(const Item& item) const {
  switch (item.kind) {
    case ItemKind::kUnit:
      return key_sent_ && (item.run != point_.run || item.gop_begin);
    case ItemKind::kRunBegin:
    case ItemKind::kGap:
    case ItemKind::kEnd:
      return key_sent_;
    case ItemKind::kTracks:
    case ItemKind::kDamage:
      return false;
  }
  return false;
}

ByteStream::Turn SeekStream::Gone() {
  return Turn::End(NotFound("the footage there was recycled a moment ago"));
}

ByteStream::Turn SeekStream::Produce() {
  Result<Item> next = cursor_->Next();
  if (!next.ok()) return Turn::End(next.status());
  Item& item = *next;
  if (IsBehind(item)) return Turn::End(OkStatus());
  switch (item.kind) {
    case ItemKind::kTracks:
      if (key_sent_) return Turn::More();
      first_.clear_tracks();
      for (const TrackInfo& track : item.tracks) Put(track, first_.add_tracks());
      return Turn::More();
    case ItemKind::kDamage:
      return Turn::End(item.status);
    case ItemKind::kEnd:
      return Gone();
    case ItemKind::kRunBegin:
    case ItemKind::kGap:
      return Turn::More();
    case ItemKind::kUnit:
      break;
  }
  const SeekPlace place = key_sent_ ? SeekPlace::kKey : PlaceOf(point_, item);
  if (place == SeekPlace::kBefore) return Turn::More();
  if (place == SeekPlace::kGone) return Gone();
  v1::SeekResponse response;
  const bool is_key = !std::exchange(key_sent_, true);
  if (is_key) response = std::move(first_);
  Put(item.unit, response.mutable_unit());
  Send(response, std::move(item.unit.bytes), 1);
  if (is_key) core().figures.seek.Count(age());
  return request_.key_only() ? Turn::End(OkStatus()) : Turn::More();
}

}  // namespace reel::server
