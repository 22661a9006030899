#include "engine/embed/c_edge.h"

namespace reel::embed {

int32_t Give(const Status& status, reel_status* out) noexcept {
  const auto code = static_cast<int32_t>(status.code());
  if (out == nullptr) return code;
  out->code = code;
  out->system_errno = status.system_errno();
  const size_t bytes = std::min(status.message().size(), sizeof out->message - 1);
  std::memcpy(out->message, status.message().data(), bytes);
  std::memset(out->message + bytes, 0, sizeof out->message - bytes);
  return code;
}

Status NotNull(std::initializer_list<Argument> arguments) {
  for (const Argument& argument : arguments) {
    if (argument.value == nullptr) return InvalidArgument(std::string(argument.name) + " is NULL");
  }
  return OkStatus();
}

Status CheckStructBytes(const char* name, size_t bytes) {
  constexpr size_t kMaxBytes = 4096;
  if (bytes >= sizeof(size_t) && bytes <= kMaxBytes) return OkStatus();
  return InvalidArgument(std::string(name) + ".struct_bytes is " + std::to_string(bytes) +
                         ": set it to sizeof(" + name + ")");
}

Status CheckRestZero(const char* name, const void* given, size_t bytes, size_t known_bytes) {
  const auto* at = static_cast<const unsigned char*>(given);
  const bool zero = bytes <= known_bytes ||
                    std::all_of(at + known_bytes, at + bytes, [](int b) { return b == 0; });
  if (zero) return OkStatus();
  return InvalidArgument(std::string(name) + " asks for what this libreel is too old for");
}

Result<std::vector<TrackInfo>> ToTracks(const reel_track* tracks, size_t count) {
  std::vector<TrackInfo> out;
  if (count > kMaxTracks) return InvalidArgument("more than 16 tracks");
  if (count != 0) REEL_RETURN_IF_ERROR(NotNull({{"tracks", tracks}}));
  for (size_t i = 0; i < count; ++i) {
    const reel_track& track = tracks[i];
    if (track.config_bytes > kMaxTrackConfigBytes)
      return InvalidArgument("a track's config is over 16 KiB");
    if (track.config_bytes != 0) REEL_RETURN_IF_ERROR(NotNull({{"config", track.config}}));
    TrackInfo info;
    info.id = {track.id};
    info.kind = static_cast<TrackKind>(track.kind);
    info.codec = static_cast<Codec>(track.codec);
    info.timescale = track.timescale;
    info.width = track.width;
    info.height = track.height;
    info.sample_rate_hz = track.sample_rate_hz;
    info.channels = track.channels;
    const auto* config = static_cast<const std::byte*>(track.config);
    info.config.assign(config, config + track.config_bytes);
    out.push_back(std::move(info));
  }
  return out;
}

std::vector<reel_track> FromTracks(const std::vector<TrackInfo>& tracks) {
  std::vector<reel_track> out;
  for (const TrackInfo& info : tracks) {
    reel_track track{};
    track.id = info.id.value;
    track.kind = static_cast<uint8_t>(info.kind);
    track.codec = static_cast<uint16_t>(info.codec);
    track.timescale = info.timescale;
    track.width = info.width;
    track.height = info.height;
    track.sample_rate_hz = info.sample_rate_hz;
    track.channels = info.channels;
    track.config = info.config.data();
    track.config_bytes = info.config.size();
    out.push_back(track);
  }
  return out;
}

reel_gap FromGap(const GapRow& gap) {
  reel_gap out{};
  out.begin_ns = gap.begin.ns;
  out.end_ns = gap.end.ns;
  out.cause = static_cast<int32_t>(gap.cause);
  out.units_lost = gap.units_lost;
  return out;
}

}  // namespace reel::embed
