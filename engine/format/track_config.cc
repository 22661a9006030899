#include "engine/format/track_config.h"

#include <algorithm>
#include <limits>
#include <set>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"
#include "engine/format/chunk.h"

namespace reel::format {
namespace {

constexpr uint8_t kTracksVersion = 1;

Status CheckTracks(const std::vector<TrackInfo>& tracks) {
  if (tracks.empty() || tracks.size() > kMaxTracks) {
    return InvalidArgument("a run has 1 to " + std::to_string(kMaxTracks) + " tracks, not " +
                           std::to_string(tracks.size()));
  }
  std::set<TrackId> ids;
  for (const TrackInfo& track : tracks) {
    const std::string name = "track " + std::to_string(track.id.value);
    if (!ids.insert(track.id).second) return InvalidArgument(name + " is given twice");
    if (track.timescale == 0) return InvalidArgument(name + " has a timescale of 0");
    if (track.config.size() > kMaxTrackConfigBytes) {
      return InvalidArgument(name + " has " + std::to_string(track.config.size()) +
                             " bytes of parameter sets, the bound is " +
                             std::to_string(kMaxTrackConfigBytes));
    }
  }
  return OkStatus();
}

bool IsKind(uint8_t value) { return value >= 1 && value <= 3; }

}  // namespace

Result<Bytes> EncodeTracks(const std::vector<TrackInfo>& tracks) {
  REEL_RETURN_IF_ERROR(CheckTracks(tracks));
  Bytes out;
  ByteWriter writer(&out);
  writer.Put(kTracksVersion);
  writer.PutVarint(tracks.size());
  for (const TrackInfo& track : tracks) {
    writer.Put(track.id.value);
    writer.Put(static_cast<uint8_t>(track.kind));
    writer.Put(static_cast<uint16_t>(track.codec));
    writer.PutVarint(track.timescale);
    writer.PutVarint(track.width);
    writer.PutVarint(track.height);
    writer.PutVarint(track.sample_rate_hz);
    writer.PutVarint(track.channels);
    writer.PutString(AsText(track.config));
  }
  if (out.size() > kMaxConfigBytes) {
    return InvalidArgument("parameter sets of all tracks take " + std::to_string(out.size()) +
                           " bytes, the bound is " + std::to_string(kMaxConfigBytes));
  }
  return out;
}

Result<std::vector<TrackInfo>> DecodeTracks(ByteSpan bytes) {
  ByteReader reader(bytes);
  bool in_range = true;
  const auto get32 = [&reader, &in_range] {
    const uint64_t value = reader.GetVarint();
    in_range = in_range && value <= std::numeric_limits<uint32_t>::max();
    return static_cast<uint32_t>(value);
  };
  const auto version = reader.Get<uint8_t>();
  if (!reader.ok()) return DataLoss("track description is empty");
  if (bytes.size() > kMaxConfigBytes) return DataLoss("track description is too long");
  if (version != kTracksVersion) return UnknownVersion("track description", version);
  const uint64_t count = reader.GetVarint();
  if (count > kMaxTracks) return DataLoss("track description names too many tracks");
  std::vector<TrackInfo> tracks(count);
  for (TrackInfo& track : tracks) {
    track.id = {reader.Get<uint8_t>()};
    const auto kind = reader.Get<uint8_t>();
    if (!IsKind(kind)) return DataLoss("track description holds an unknown kind");
    track.kind = static_cast<TrackKind>(kind);
    track.codec = static_cast<Codec>(reader.Get<uint16_t>());
    track.timescale = get32();
    track.width = get32();
    track.height = get32();
    track.sample_rate_hz = get32();
    track.channels = get32();
    const std::string config = reader.GetString(kMaxTrackConfigBytes);
    const ByteSpan span = AsBytes(config);
    track.config.assign(span.begin(), span.end());
  }
  if (!in_range || !reader.ok() || !reader.at_end())
    return DataLoss("track description is malformed");
  if (const Status status = CheckTracks(tracks); !status.ok()) return DataLoss(status.message());
  return tracks;
}

std::array<uint8_t, 16> ConfigHash(ByteSpan encoded_tracks) {
  const auto digest = Sha256(encoded_tracks);
  std::array<uint8_t, 16> half{};
  std::copy_n(digest.begin(), half.size(), half.begin());
  return half;
}

}  // namespace reel::format
