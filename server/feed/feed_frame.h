// What reeld and the process that reads a source for it (main.cc) say to each other: frames over
// one socket. Nothing that comes from that process is believed: it has met the source's bytes.
//
//   frame     4 bytes length of what follows, 1 byte kind, content; little endian
//   kRequest  url, user, password, file of who signs certificates: strings         reeld -> reader
//   kTracks   all tracks, as chunks hold them (engine/format/track_config.h)       first of all
//   kChange   one track as it is from the next unit on, which is of that track
//   kUnit     track, flags, pts, dts, bytes
//   kEnd      code, one line why                                                   last of all
//
// Bounds: kMaxFrameBytes a frame, kMaxFeedTextBytes a string.
// Thread rule: values and pure functions; FeedReader one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "reel/status.h"
#include "reel/unit.h"

namespace reel::server {

struct FeedRequest {
  std::string url;
  std::string user;
  std::string password;
  std::string ca_file;
  bool operator==(const FeedRequest&) const = default;
};

// Tracks 1..kMaxTracks, ids from 0 in order.
struct FeedTracks {
  std::vector<TrackInfo> tracks;
};
// Valid until the reader is asked again.
struct FeedUnit {
  TrackId track;  // one of the tracks
  uint8_t flags = 0;
  int64_t pts = 0;  // within +-kMaxFeedTime
  int64_t dts = 0;
  ByteSpan bytes;                           // 1..kMaxUnitBytes
  const TrackInfo* track_change = nullptr;  // same kind, codec and timescale
};
struct FeedEnd {
  Code code = Code::kUnavailable;
  std::string why;  // printable
};
using FeedFrame = std::variant<FeedTracks, FeedUnit, FeedEnd>;

inline constexpr size_t kFeedLengthBytes = 4;
inline constexpr size_t kMaxFeedTextBytes = 4096;
inline constexpr size_t kMaxFrameBytes = size_t{kMaxUnitBytes} + 64;
// Differences of two fit in 64 bits.
inline constexpr int64_t kMaxFeedTime = int64_t{1} << 61;

// Each a whole frame. Texts that are too long are cut off; times too far out are drawn in.
Bytes EncodeRequest(const FeedRequest& request);
// InvalidArgument: tracks that no run takes.
Result<Bytes> EncodeTracksFrame(const std::vector<TrackInfo>& tracks);
Result<Bytes> EncodeChange(const TrackInfo& track);
// What stands before the unit's bytes, which are sent behind it.
Bytes EncodeUnitHead(const FeedUnit& unit);
Bytes EncodeEnd(const Status& status);

// Of a frame's content, kind included. InvalidArgument.
Result<FeedRequest> DecodeRequest(ByteSpan frame);

class FeedReader {
 public:
  static constexpr size_t kRoomBytes = 256U << 10;

  // Where to put what comes next, kRoomBytes. REQUIRES: Next() gave nullopt since Filled().
  MutableByteSpan Room();
  void Filled(size_t bytes) { end_ += bytes; }

  // nullopt: more bytes are needed. InvalidArgument: not what is agreed above; comes again.
  Result<std::optional<FeedFrame>> Next();

 private:
  ByteSpan rest() const { return ByteSpan(buffer_).subspan(begin_, end_ - begin_); }
  Result<std::optional<FeedFrame>> Take(ByteSpan frame);
  Result<std::optional<FeedFrame>> TakeTracks(ByteSpan content);
  Status TakeChange(ByteSpan content);
  Result<std::optional<FeedFrame>> TakeUnit(ByteSpan content);
  Result<std::optional<FeedFrame>> TakeEnd(ByteSpan content);

  Bytes buffer_;
  size_t begin_ = 0;                       // of what has not been taken, in buffer_
  size_t end_ = 0;                         // of what has come
  std::vector<TrackInfo> tracks_;          // empty: not said yet
  std::optional<TrackInfo> change_;        // with the next unit
  std::optional<TrackInfo> given_change_;  // with the last one
  bool ended_ = false;
  Status failed_;
};

}  // namespace reel::server
