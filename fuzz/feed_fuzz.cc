// What the process that reads a source says: a first byte that says in how large pieces it comes,
// then its frames. Whatever it says, what is handed on is what feed_frame.h promises.
#include <algorithm>
#include <cstring>

#include "engine/base/check.h"
#include "engine/format/track_config.h"
#include "engine/media/nal.h"
#include "server/feed/feed_frame.h"

namespace {

using reel::Bytes;
using reel::ByteSpan;
using reel::server::DecodeRequest;
using reel::server::EncodeRequest;
using reel::server::FeedEnd;
using reel::server::FeedReader;
using reel::server::FeedTracks;
using reel::server::FeedUnit;
using reel::server::kFeedLengthBytes;
using reel::server::kMaxFeedTextBytes;
using reel::server::kMaxFeedTime;

class Listener {
 public:
  void Take(const FeedTracks& said) {
    REEL_CHECK(tracks_.empty() && !ended_, "tracks come once, and first");
    tracks_ = said.tracks;
    CheckTracks();
  }
  void Take(const FeedUnit& unit) {
    REEL_CHECK(!ended_ && unit.track.value < tracks_.size(), "of a track");
    REEL_CHECK(!unit.bytes.empty() && unit.bytes.size() <= reel::kMaxUnitBytes, "a unit");
    REEL_CHECK(std::abs(unit.pts) <= kMaxFeedTime && std::abs(unit.dts) <= kMaxFeedTime, "times");
    reel::TrackInfo& track = tracks_[unit.track.value];
    if (unit.track_change != nullptr) {
      REEL_CHECK(unit.track_change->id == track.id && unit.track_change->codec == track.codec &&
                     unit.track_change->timescale == track.timescale,
                 "a change is of its track");
      track = *unit.track_change;
      CheckTracks();
    }
    const bool is_video = track.kind == reel::TrackKind::kVideo;
    REEL_CHECK(!is_video || reel::SplitNals(unit.bytes, reel::NalFraming::kLength4).ok(),
               "video is in stored form");
  }
  void Take(const FeedEnd& end) {
    REEL_CHECK(!ended_ && end.code != reel::Code::kOk && end.why.size() <= kMaxFeedTextBytes,
               "one end");
    ended_ = true;
  }

 private:
  void CheckTracks() const {
    for (size_t i = 0; i < tracks_.size(); ++i) {
      const reel::TrackInfo& track = tracks_[i];
      REEL_CHECK(track.id.value == i, "ids from 0");
      const bool is_video = track.kind == reel::TrackKind::kVideo;
      const bool has_nals = track.codec == reel::Codec::kH264 || track.codec == reel::Codec::kH265;
      REEL_CHECK(is_video == has_nals, "video is of a codec of video");
      REEL_CHECK(!is_video || reel::SplitNals(track.config, reel::NalFraming::kLength4).ok(),
                 "sets");
    }
    REEL_CHECK(reel::format::EncodeTracks(tracks_).ok(), "a run takes them");
  }

  std::vector<reel::TrackInfo> tracks_;
  bool ended_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteSpan rest = std::as_bytes(std::span(data, size));
  if (const auto request = DecodeRequest(rest); request.ok()) {
    const Bytes again = EncodeRequest(*request);
    REEL_CHECK(DecodeRequest(ByteSpan(again).subspan(kFeedLengthBytes)).value() == *request,
               "same");
  }
  if (rest.empty()) return 0;
  const size_t piece = std::to_integer<size_t>(rest[0]) + 1;
  rest = rest.subspan(1);
  FeedReader reader;
  Listener listener;
  for (;;) {
    const auto frame = reader.Next();
    if (!frame.ok()) {
      REEL_CHECK(!reader.Next().ok(), "an error stays");
      return 0;
    }
    if (*frame) {
      std::visit([&listener](const auto& kind) { listener.Take(kind); }, **frame);
      continue;
    }
    if (rest.empty()) return 0;
    const reel::MutableByteSpan room = reader.Room();
    const size_t count = std::min({piece, rest.size(), room.size()});
    std::memcpy(room.data(), rest.data(), count);
    reader.Filled(count);
    rest = rest.subspan(count);
  }
}
