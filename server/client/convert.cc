#include "server/client/convert.h"

#include <cstring>

#include "reel/clock.h"

namespace reel::server {
namespace {

Bytes BytesOf(const std::string& text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

}  // namespace

std::chrono::system_clock::time_point DeadlineAfter(Duration wait) {
  const WallTime until = SystemClock().WallNow() + wait;
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::nanoseconds(until.ns)));
}

Status FromWire(const grpc::Status& status) {
  if (status.ok()) return OkStatus();
  return {static_cast<Code>(status.error_code()), status.error_message()};
}

TrackInfo FromWire(const v1::Track& track) {
  TrackInfo info;
  info.id = {static_cast<uint8_t>(track.id())};
  info.kind = static_cast<TrackKind>(track.kind());
  info.codec = static_cast<Codec>(track.codec());
  info.timescale = track.timescale();
  info.width = track.width();
  info.height = track.height();
  info.sample_rate_hz = track.sample_rate_hz();
  info.channels = track.channels();
  info.config = BytesOf(track.config());
  return info;
}

GapRow FromWire(const v1::Gap& gap, StreamId stream) {
  GapRow row;
  row.stream = stream;
  row.begin = {gap.begin_ns()};
  row.end = {gap.end_ns()};
  row.cause = static_cast<GapCause>(gap.cause());
  row.units_lost = gap.units_lost();
  return row;
}

Result<StreamInfo> FromWire(const v1::StreamInfo& stream) {
  StreamInfo info;
  REEL_ASSIGN_OR_RETURN(info.id, IdFromWire<StreamId>(stream.id()));
  info.name = stream.name();
  info.retention_class = kDefaultClass;
  info.created = {stream.created_ns()};
  if (stream.has_retired_ns()) info.retired = WallTime{stream.retired_ns()};
  info.volume.value = static_cast<decltype(info.volume.value)>(stream.volume());
  info.buffered_bytes = stream.buffered_bytes();
  info.flush_age = Duration{stream.flush_age_ns()};
  return info;
}

Result<ImportRow> FromWire(const v1::Import& import) {
  ImportRow row;
  REEL_ASSIGN_OR_RETURN(row.stream, IdFromWire<StreamId>(import.stream()));
  REEL_ASSIGN_OR_RETURN(row.run, IdFromWire<RunId>(import.run()));
  row.begin = {import.begin_ns()};
  if (import.has_end_ns()) row.end = {import.end_ns()};
  row.imported = {import.imported_ns()};
  row.clock_offset = Duration{import.clock_offset_ns()};
  row.source_bytes = import.source_bytes();
  if (import.source_sha256().size() != row.source_sha256.size()) {
    return Internal("the server sent a digest of another length");
  }
  std::memcpy(row.source_sha256.data(), import.source_sha256().data(), row.source_sha256.size());
  row.owner = import.owner();
  row.source = import.source();
  return row;
}

VolumeInfo FromWire(const v1::VolumeInfo& volume) {
  VolumeInfo info;
  info.number.value = static_cast<decltype(info.number.value)>(volume.number());
  if (const auto id = ParseId<VolumeId>(volume.id())) info.id = *id;
  info.path = volume.path();
  info.state = volume.state();
  info.engine = volume.engine();
  info.placement = volume.placement();
  info.segment_bytes = volume.segment_bytes();
  info.segments_max = volume.segments_max();
  info.segments_in_use = volume.segments_in_use();
  return info;
}

Unit FromWire(const v1::Unit& unit, const std::string& data) {
  Unit result;
  result.number = {unit.number()};
  result.track = {static_cast<uint8_t>(unit.track())};
  const auto flag = [&](bool set, UnitFlag which) {
    if (set) result.flags = static_cast<uint8_t>(result.flags | which);
  };
  flag(unit.clean(), kUnitClean);
  flag(unit.open_gop(), kUnitOpenGop);
  flag(unit.intra_refresh(), kUnitIntraRefresh);
  flag(unit.no_picture(), kUnitNoPicture);
  flag(unit.loss_before(), kUnitLossBefore);
  result.pts = unit.pts();
  result.dts = unit.dts();
  result.wall = {unit.wall_ns()};
  result.bytes = BytesOf(data);
  return result;
}

}  // namespace reel::server
