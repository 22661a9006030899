#include "server/rtsp/track_receiver.h"

#include "engine/media/clean_point.h"
#include "engine/media/video_format.h"

namespace reel::server {
namespace {

constexpr std::string_view kCname = "reel";

}  // namespace

TrackReceiver::TrackReceiver(const TrackPlan& plan, const ReorderBuffer::Options& order,
                             uint32_t ssrc, ReceivedUnitSink& sink)
    : info_(plan.info),
      payload_type_(plan.payload_type),
      ssrc_(ssrc),
      sink_(sink),
      order_(order),
      reception_(plan.info.timescale),
      depacketiser_(MakeDepacketiser(plan, *this)) {
  if (info_.kind != TrackKind::kVideo) return;
  parameter_sets_.emplace(info_.codec);
  const Result<NalList> sets = SplitNals(info_.config, NalFraming::kLength4);
  if (sets.ok()) (void)parameter_sets_->Observe(*sets);  // PlanTrack left out what cannot be read
  UpdateFormat();
}

void TrackReceiver::OnRtp(ByteSpan bytes, MonoTime now) {
  ++counters_.packets;
  const std::optional<RtpPacket> packet = ParseRtp(bytes);
  if (!packet) {
    ++counters_.malformed;
    return;
  }
  reception_.OnPacket(*packet, now);
  order_.Push(*packet, now);
  Drain(now);
}

void TrackReceiver::Drain(MonoTime now) {
  while (const std::optional<OrderedPacket> next = order_.Pop(now)) {
    counters_.lost += next->lost_before;
    const bool lost = next->lost_before > 0 || next->restarted;
    if (next->packet.payload_type != payload_type_) {
      // Something else in between, comfort noise say; a loss before it is still one.
      ++counters_.malformed;
      if (lost) depacketiser_->Push(RtpPacket{}, line_.last(), true);
      continue;
    }
    depacketiser_->Push(next->packet, line_.Extend(next->packet.timestamp), lost);
  }
}

bool TrackReceiver::OnRtcp(ByteSpan bytes, MonoTime now, WallTime wall) {
  const RtcpContent content = ParseRtcp(bytes);
  if (content.sender_report) {
    reception_.OnSenderReport(*content.sender_report, now);
    if (content.sender_report->wall) camera_clock_.OnReport(*content.sender_report->wall, wall);
  }
  return content.bye;
}

Bytes TrackReceiver::Report(MonoTime now) {
  const std::optional<ReceiverReport> report = reception_.Report(ssrc_, now);
  return report ? WriteReceiverReport(*report, kCname) : Bytes{};
}

TrackCounters TrackReceiver::counters() const {
  TrackCounters counters = counters_;
  counters.malformed += depacketiser_->malformed();
  return counters;
}

void TrackReceiver::OnUnit(const DepacketisedUnit& unit) {
  ReceivedUnit received;
  received.track = info_.id;
  received.bytes = unit.bytes;
  received.pts = received.dts = unit.timestamp;
  bool changed = false;
  if (parameter_sets_) {
    received.flags = ObserveVideo(unit, &changed);
    constexpr int64_t kJumpSeconds = 10;
    received.dts = decode_times_.Next(unit.timestamp, kJumpSeconds * info_.timescale);
  }
  if (unit.loss_before) received.flags |= kUnitLossBefore;
  if (changed) received.track_change = &info_;
  sink_.OnUnit(received);
}

uint8_t TrackReceiver::ObserveVideo(const DepacketisedUnit& unit, bool* changed) {
  const PictureInfo picture = ClassifyPicture(info_.codec, *unit.nals);
  if (picture.has_parameter_sets) {
    const uint64_t before = parameter_sets_->generation();
    (void)parameter_sets_->Observe(*unit.nals);  // the unit is kept whatever its sets are like
    *changed = parameter_sets_->generation() != before;
    if (*changed) UpdateFormat();
  }
  uint8_t flags = UnitFlagsOf(picture);
  if (!unit.whole) flags &= kUnitNoPicture;
  return flags;
}

void TrackReceiver::UpdateFormat() {
  info_.config = parameter_sets_->config();
  const Result<VideoFormat> format = DescribeVideo(info_.codec, info_.config);
  if (!format.ok()) return;
  info_.width = format->width;
  info_.height = format->height;
  if (format->max_reorder_pictures) decode_times_.SetReorder(*format->max_reorder_pictures);
}

}  // namespace reel::server
