#include "server/feed/feed_frame.h"

#include <algorithm>
#include <utility>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/format/track_config.h"
#include "engine/media/nal.h"

namespace reel::server {
namespace {

enum class Kind : uint8_t { kRequest = 1, kTracks = 2, kChange = 3, kUnit = 4, kEnd = 5 };

constexpr uint8_t kKnownFlags =
    kUnitClean | kUnitOpenGop | kUnitIntraRefresh | kUnitNoPicture | kUnitLossBefore;

Status Garbage(const std::string& what) {
  return InvalidArgument("the reading process said what makes no sense: " + what);
}

Bytes BeginFrame(Kind kind) {
  Bytes frame(kFeedLengthBytes);
  ByteWriter(&frame).Put(static_cast<uint8_t>(kind));
  return frame;
}

// `more_bytes` of the frame are sent behind what is here.
Bytes EndFrame(Bytes frame, size_t more_bytes = 0) {
  const size_t size = frame.size() - kFeedLengthBytes + more_bytes;
  REEL_CHECK(size <= kMaxFrameBytes, "what is sent fits a frame");
  StoreLe(frame.data(), static_cast<uint32_t>(size));
  return frame;
}

std::string_view Cut(std::string_view text) { return text.substr(0, kMaxFeedTextBytes); }

int64_t DrawnIn(int64_t time) { return std::clamp(time, -kMaxFeedTime, kMaxFeedTime); }

// nullopt: no codec that Reel keeps.
std::optional<TrackKind> KindOf(Codec codec) {
  switch (codec) {
    case Codec::kH264:
    case Codec::kH265:
      return TrackKind::kVideo;
    case Codec::kAac:
    case Codec::kPcmALaw:
    case Codec::kPcmMuLaw:
    case Codec::kOpus:
      return TrackKind::kAudio;
    case Codec::kOnvifMetadata:
    case Codec::kOpaque:
      return TrackKind::kData;
  }
  return std::nullopt;
}

// Tracks that each are what they say.
Result<std::vector<TrackInfo>> ReadTracks(ByteSpan content) {
  Result<std::vector<TrackInfo>> tracks = format::DecodeTracks(content);
  if (!tracks.ok()) return Garbage(tracks.status().message());
  for (const TrackInfo& track : *tracks) {
    if (KindOf(track.codec) != track.kind) return Garbage("a track of no kind");
    if (track.kind != TrackKind::kVideo) continue;
    const Result<NalList> sets = SplitNals(track.config, NalFraming::kLength4);
    if (!sets.ok()) return Garbage(sets.status().message());
  }
  return tracks;
}

// One line, whatever it was.
std::string Printable(std::string text) {
  for (char& c : text) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  return text;
}

}  // namespace

Bytes EncodeRequest(const FeedRequest& request) {
  Bytes frame = BeginFrame(Kind::kRequest);
  ByteWriter writer(&frame);
  for (const std::string& text : {request.url, request.user, request.password, request.ca_file}) {
    writer.PutString(Cut(text));
  }
  return EndFrame(std::move(frame));
}

Result<FeedRequest> DecodeRequest(ByteSpan frame) {
  ByteReader reader(frame);
  const auto kind = reader.Get<uint8_t>();
  FeedRequest request;
  for (std::string* text : {&request.url, &request.user, &request.password, &request.ca_file}) {
    *text = reader.GetString(kMaxFeedTextBytes);
  }
  if (!reader.ok() || !reader.at_end() || kind != static_cast<uint8_t>(Kind::kRequest)) {
    return InvalidArgument("not a request to read a source");
  }
  return request;
}

Result<Bytes> EncodeTracksFrame(const std::vector<TrackInfo>& tracks) {
  REEL_ASSIGN_OR_RETURN(const Bytes encoded, format::EncodeTracks(tracks));
  Bytes frame = BeginFrame(Kind::kTracks);
  ByteWriter(&frame).PutBytes(encoded);
  return EndFrame(std::move(frame));
}

Result<Bytes> EncodeChange(const TrackInfo& track) {
  REEL_ASSIGN_OR_RETURN(const Bytes encoded, format::EncodeTracks({track}));
  Bytes frame = BeginFrame(Kind::kChange);
  ByteWriter(&frame).PutBytes(encoded);
  return EndFrame(std::move(frame));
}

Bytes EncodeUnitHead(const FeedUnit& unit) {
  Bytes frame = BeginFrame(Kind::kUnit);
  ByteWriter writer(&frame);
  writer.Put(unit.track.value);
  writer.Put(unit.flags);
  writer.Put(DrawnIn(unit.pts));
  writer.Put(DrawnIn(unit.dts));
  return EndFrame(std::move(frame), unit.bytes.size());
}

Bytes EncodeEnd(const Status& status) {
  Bytes frame = BeginFrame(Kind::kEnd);
  ByteWriter writer(&frame);
  writer.Put(static_cast<uint8_t>(status.code()));
  writer.PutString(Cut(status.message()));
  return EndFrame(std::move(frame));
}

MutableByteSpan FeedReader::Room() {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(begin_));
  end_ -= std::exchange(begin_, 0);
  // Grows with what has come, not with what was promised.
  if (buffer_.size() < end_ + kRoomBytes) buffer_.resize(end_ + kRoomBytes);
  return MutableByteSpan(buffer_).subspan(end_, kRoomBytes);
}

Result<std::optional<FeedFrame>> FeedReader::Next() {
  REEL_RETURN_IF_ERROR(failed_);
  for (;;) {
    if (rest().size() < kFeedLengthBytes) return std::optional<FeedFrame>();
    const auto size = LoadLe<uint32_t>(rest().data());
    if (size == 0 || size > kMaxFrameBytes) {
      return failed_ = Garbage("a frame of " + std::to_string(size) + " bytes");
    }
    if (rest().size() - kFeedLengthBytes < size) return std::optional<FeedFrame>();
    const ByteSpan frame = rest().subspan(kFeedLengthBytes, size);
    begin_ += kFeedLengthBytes + size;
    Result<std::optional<FeedFrame>> taken = Take(frame);
    if (!taken.ok()) failed_ = taken.status();
    if (!taken.ok() || *taken) return taken;
  }
}

// nullopt: something that belongs to the next frame.
Result<std::optional<FeedFrame>> FeedReader::Take(ByteSpan frame) {
  const auto kind = static_cast<Kind>(frame[0]);
  const ByteSpan content = frame.subspan(1);
  if (ended_) return Garbage("something behind the end");
  if (kind == Kind::kEnd) return TakeEnd(content);
  if (kind == Kind::kTracks && tracks_.empty()) return TakeTracks(content);
  if (tracks_.empty()) return Garbage("something before the tracks");
  if (kind == Kind::kUnit) return TakeUnit(content);
  if (kind != Kind::kChange) return Garbage("a frame of an unknown kind");
  REEL_RETURN_IF_ERROR(TakeChange(content));
  return std::optional<FeedFrame>();
}

Result<std::optional<FeedFrame>> FeedReader::TakeTracks(ByteSpan content) {
  REEL_ASSIGN_OR_RETURN(std::vector<TrackInfo> tracks, ReadTracks(content));
  for (size_t i = 0; i < tracks.size(); ++i) {
    if (tracks[i].id.value != i) return Garbage("tracks that are not numbered from 0");
  }
  tracks_ = std::move(tracks);
  return std::optional<FeedFrame>(FeedTracks{tracks_});
}

Status FeedReader::TakeChange(ByteSpan content) {
  REEL_ASSIGN_OR_RETURN(std::vector<TrackInfo> tracks, ReadTracks(content));
  TrackInfo& now = tracks.front();
  if (tracks.size() != 1 || now.id.value >= tracks_.size() || change_) {
    return Garbage("a change of no track");
  }
  const TrackInfo& before = tracks_[now.id.value];
  if (now.kind != before.kind || now.codec != before.codec || now.timescale != before.timescale) {
    return Garbage("a track that becomes another");
  }
  // All of them together are what a run takes.
  std::vector<TrackInfo> all = tracks_;
  all[now.id.value] = now;
  const Result<Bytes> encoded = format::EncodeTracks(all);
  if (!encoded.ok()) return Garbage(encoded.status().message());
  tracks_ = std::move(all);
  change_ = std::move(now);
  return OkStatus();
}

Result<std::optional<FeedFrame>> FeedReader::TakeUnit(ByteSpan content) {
  ByteReader reader(content);
  FeedUnit unit;
  unit.track.value = reader.Get<uint8_t>();
  unit.flags = reader.Get<uint8_t>();
  unit.pts = reader.Get<int64_t>();
  unit.dts = reader.Get<int64_t>();
  unit.bytes = reader.GetBytes(reader.remaining());
  if (!reader.ok() || unit.bytes.empty() || unit.bytes.size() > kMaxUnitBytes) {
    return Garbage("a unit of " + std::to_string(unit.bytes.size()) + " bytes");
  }
  const bool timely = DrawnIn(unit.pts) == unit.pts && DrawnIn(unit.dts) == unit.dts;
  if (unit.track.value >= tracks_.size() || (unit.flags & ~kKnownFlags) != 0 || !timely) {
    return Garbage("a unit of no track, with flags or times that are none");
  }
  const bool is_video = tracks_[unit.track.value].kind == TrackKind::kVideo;
  if (is_video) {
    const Result<NalList> nals = SplitNals(unit.bytes, NalFraming::kLength4);
    if (!nals.ok()) return Garbage(nals.status().message());
  }
  given_change_ = std::exchange(change_, std::nullopt);
  if (given_change_) {
    if (given_change_->id != unit.track) return Garbage("a change without its unit");
    unit.track_change = &*given_change_;
  }
  return std::optional<FeedFrame>(unit);
}

Result<std::optional<FeedFrame>> FeedReader::TakeEnd(ByteSpan content) {
  ByteReader reader(content);
  const auto code = reader.Get<uint8_t>();
  std::string why = reader.GetString(kMaxFeedTextBytes);
  const bool known =
      code > static_cast<uint8_t>(Code::kOk) && code <= static_cast<uint8_t>(Code::kDataLoss);
  if (!reader.ok() || !reader.at_end() || !known) return Garbage("an end without a reason");
  ended_ = true;
  return std::optional<FeedFrame>(FeedEnd{static_cast<Code>(code), Printable(std::move(why))});
}

}  // namespace reel::server
