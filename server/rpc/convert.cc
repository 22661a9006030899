#include "server/rpc/convert.h"

#include <set>

namespace reel::server {
namespace {

Result<TrackKind> KindOf(v1::TrackKind kind) {
  switch (kind) {
    case v1::TRACK_KIND_VIDEO:
      return TrackKind::kVideo;
    case v1::TRACK_KIND_AUDIO:
      return TrackKind::kAudio;
    case v1::TRACK_KIND_DATA:
      return TrackKind::kData;
    default:
      return InvalidArgument("track.kind is " + std::to_string(static_cast<int>(kind)));
  }
}

Result<Codec> CodecOf(v1::Codec codec) {
  if (codec == v1::CODEC_UNSPECIFIED || !v1::Codec_IsValid(codec)) {
    return InvalidArgument("track.codec is " + std::to_string(static_cast<int>(codec)));
  }
  return static_cast<Codec>(codec);  // the numbers are the same: convert_test
}

bool IsVideo(Codec codec) { return codec == Codec::kH264 || codec == Codec::kH265; }

}  // namespace

Result<TrackInfo> TrackOf(const v1::Track& track) {
  TrackInfo info;
  if (track.id() > 255) return InvalidArgument("track.id is over 255");
  info.id = {static_cast<uint8_t>(track.id())};
  REEL_ASSIGN_OR_RETURN(info.kind, KindOf(track.kind()));
  REEL_ASSIGN_OR_RETURN(info.codec, CodecOf(track.codec()));
  if ((info.kind == TrackKind::kVideo) != IsVideo(info.codec)) {
    return InvalidArgument("track.codec is not of its kind");
  }
  if (track.timescale() == 0) return InvalidArgument("track.timescale is 0");
  if (track.config().size() > kMaxTrackConfigBytes) {
    return InvalidArgument("track.config is over " + std::to_string(kMaxTrackConfigBytes) +
                           " bytes");
  }
  info.timescale = track.timescale();
  info.width = track.width();
  info.height = track.height();
  info.sample_rate_hz = track.sample_rate_hz();
  info.channels = track.channels();
  const auto config = std::as_bytes(std::span(track.config().data(), track.config().size()));
  info.config.assign(config.begin(), config.end());
  return info;
}

Result<std::vector<TrackInfo>> TracksOf(
    const google::protobuf::RepeatedPtrField<v1::Track>& tracks) {
  if (tracks.empty() || static_cast<size_t>(tracks.size()) > kMaxTracks) {
    return InvalidArgument("a run has 1.." + std::to_string(kMaxTracks) + " tracks");
  }
  std::vector<TrackInfo> infos;
  std::set<uint32_t> ids;
  for (const v1::Track& track : tracks) {
    REEL_ASSIGN_OR_RETURN(TrackInfo info, TrackOf(track));
    if (!ids.insert(track.id()).second) return InvalidArgument("a track.id is there twice");
    infos.push_back(std::move(info));
  }
  return infos;
}

void Put(const TrackInfo& track, v1::Track* to) {
  to->set_id(track.id.value);
  to->set_kind(static_cast<v1::TrackKind>(track.kind));
  to->set_codec(static_cast<v1::Codec>(track.codec));
  to->set_timescale(track.timescale);
  to->set_width(track.width);
  to->set_height(track.height);
  to->set_sample_rate_hz(track.sample_rate_hz);
  to->set_channels(track.channels);
  to->set_config(track.config.data(), track.config.size());
}

void Put(const Unit& unit, v1::Unit* to) {
  to->set_number(unit.number.value);
  to->set_track(unit.track.value);
  to->set_pts(unit.pts);
  to->set_dts(unit.dts);
  to->set_wall_ns(unit.wall.ns);
  to->set_clean((unit.flags & kUnitClean) != 0);
  to->set_open_gop((unit.flags & kUnitOpenGop) != 0);
  to->set_intra_refresh((unit.flags & kUnitIntraRefresh) != 0);
  to->set_no_picture((unit.flags & kUnitNoPicture) != 0);
  to->set_loss_before((unit.flags & kUnitLossBefore) != 0);
}

void Put(const GapRow& gap, v1::Gap* to) {
  to->set_begin_ns(gap.begin.ns);
  to->set_end_ns(gap.end.ns);
  to->set_cause(static_cast<v1::GapCause>(gap.cause));
  to->set_units_lost(gap.units_lost);
}

void Put(const SeekPoint& point, v1::SeekPoint* to) {
  to->set_stream(ToString(point.stream));
  to->set_run(ToString(point.run));
  to->set_begin_ns(point.begin.ns);
  to->set_pre_roll_ns(point.pre_roll.count());
  to->set_in_gap(point.in_gap);
  to->set_durable(point.durable);
}

void Put(const StreamInfo& stream, v1::StreamInfo* to) {
  to->set_id(ToString(stream.id));
  to->set_name(stream.name);
  to->set_created_ns(stream.created.ns);
  if (stream.retired) to->set_retired_ns(stream.retired->ns);
  to->set_volume(stream.volume.value);
  to->set_buffered_bytes(stream.buffered_bytes);
  to->set_flush_age_ns(stream.flush_age.count());
}

void Put(const ImportRow& import, v1::Import* to) {
  to->set_stream(ToString(import.stream));
  to->set_run(ToString(import.run));
  to->set_begin_ns(import.begin.ns);
  if (import.end != kWallMin) to->set_end_ns(import.end.ns);
  to->set_imported_ns(import.imported.ns);
  to->set_clock_offset_ns(import.clock_offset.count());
  to->set_source_bytes(import.source_bytes);
  to->set_source_sha256(import.source_sha256.data(), import.source_sha256.size());
  to->set_owner(import.owner);
  to->set_source(import.source);
}

void Put(const VolumeInfo& volume, v1::VolumeInfo* to) {
  to->set_number(volume.number.value);
  to->set_id(ToString(volume.id));
  to->set_path(volume.path);
  to->set_state(volume.state);
  to->set_engine(volume.engine);
  to->set_placement(volume.placement);
  to->set_segment_bytes(volume.segment_bytes);
  to->set_segments_max(volume.segments_max);
  to->set_segments_in_use(volume.segments_in_use);
}

void Put(const SourceStatus& source, v1::CameraSource* to) {
  to->set_camera(source.camera);
  to->set_stream(source.stream);
  to->set_state(static_cast<v1::CameraSource::State>(source.state));
  to->set_trouble(source.trouble);
  if (source.recording_since) to->set_recording_since_ns(source.recording_since->ns);
  if (source.last_unit) to->set_last_unit_ns(source.last_unit->ns);
  if (source.last_clean_point) to->set_last_clean_point_ns(source.last_clean_point->ns);
  to->set_bits_per_second(source.bits_per_second);
  to->set_frames_per_second(source.frames_per_second);
  to->set_units(source.units);
  to->set_bytes(source.bytes);
  to->set_packets_lost(source.packets_lost);
  to->set_reconnects(source.reconnects);
  to->set_clock_offset_ns(source.clock_offset.count());
  to->set_flush_age_ns(source.flush_age.count());
}

void Put(const OperationInfo& operation, v1::Operation* to) {
  to->set_id(operation.id);
  to->set_kind(static_cast<v1::Operation::Kind>(operation.kind));
  to->set_state(static_cast<v1::Operation::State>(operation.state));
  to->set_started_ns(operation.started.ns);
  if (operation.ended) to->set_ended_ns(operation.ended->ns);
  to->set_segments_total(operation.segments_total);
  to->set_segments_done(operation.segments_done);
  to->set_chunks_done(operation.chunks_done);
  to->set_bytes_done(operation.bytes_done);
  to->set_problems(operation.problems);
  for (const std::string& problem : operation.problem) to->add_problem(problem);
  to->set_error(operation.error);
  to->set_started_by(operation.started_by);
}

void Put(WallRange range, v1::TimeRange* to) {
  to->set_begin_ns(range.begin.ns);
  to->set_end_ns(range.end.ns);
}

Purpose PurposeOf(const v1::Purpose& purpose) {
  return {purpose.purpose(), purpose.requester(), purpose.performer(), purpose.case_number()};
}

Result<WallRange> RangeOf(const v1::TimeRange& range) {
  WallRange result{kWallMin, kWallMax};
  if (range.has_begin_ns()) result.begin = {range.begin_ns()};
  if (range.has_end_ns()) result.end = {range.end_ns()};
  if (result.empty()) return InvalidArgument("range: its end is not behind its begin");
  return result;
}

Result<WallRange> BoundedRangeOf(const v1::TimeRange& range, Duration longest) {
  if (!range.has_begin_ns() || !range.has_end_ns()) {
    return InvalidArgument("range: both its ends are needed");
  }
  REEL_ASSIGN_OR_RETURN(const WallRange result, RangeOf(range));
  if (result.end - result.begin > longest) {
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(longest).count();
    return InvalidArgument("range: longer than " + std::to_string(hours) +
                           " hours; ask for it in parts");
  }
  return result;
}

}  // namespace reel::server
