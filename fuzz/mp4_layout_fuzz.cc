// MP4 layout: any tracks and samples. What is planned has parts that fill it without a hole, and
// whatever parts it is read in, the bytes are the same.
#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/media/mp4_layout.h"

namespace {

using reel::ByteReader;
using reel::Bytes;
using reel::Mp4Layout;
using reel::Mp4Piece;

constexpr uint64_t kMaxReadBytes = 256U << 10;

reel::Mp4Movie MovieOf(ByteReader* in) {
  reel::Mp4Movie movie;
  movie.fragmented = (in->Get<uint8_t>() & 1) != 0;
  movie.timescale = in->Get<uint32_t>();
  movie.created = {in->Get<int64_t>()};
  for (int tracks = in->Get<uint8_t>() % 4; tracks > 0 && in->ok(); --tracks) {
    reel::Mp4Track track;
    track.kind = in->Get<uint8_t>() % 2 == 0 ? reel::TrackKind::kVideo : reel::TrackKind::kAudio;
    track.timescale = in->Get<uint32_t>();
    track.last_duration = in->Get<uint32_t>();
    track.width = in->Get<uint16_t>();
    for (int entries = in->Get<uint8_t>() % 4; entries > 0; --entries) {
      track.entries.emplace_back(in->Get<uint8_t>());
    }
    for (int edits = in->Get<uint8_t>() % 4; edits > 0; --edits) {
      track.edits.push_back({in->Get<int64_t>(), in->Get<uint64_t>()});
    }
    movie.tracks.push_back(std::move(track));
  }
  std::vector<int64_t> dts(4);
  while (!in->at_end() && in->ok()) {
    reel::Mp4Sample sample;
    const auto bits = in->Get<uint8_t>();
    sample.track = bits & 3;
    sample.sync = (bits & 4) != 0;
    sample.entry = (bits & 8) != 0 ? 1 : 0;
    // Mostly times that rise and sizes that fit, sometimes anything.
    const auto next = static_cast<uint64_t>(dts[sample.track]) + in->Get<uint16_t>();
    sample.dts = (bits & 16) != 0 ? in->Get<int64_t>() : static_cast<int64_t>(next);
    dts[sample.track] = sample.dts;
    sample.delay = (bits & 32) != 0 ? in->Get<int32_t>() : in->Get<int8_t>();
    sample.size_bytes = (bits & 64) != 0 ? in->Get<uint32_t>() : in->Get<uint8_t>();
    sample.wall = {(bits & 128) != 0 ? in->Get<int64_t>() : 0};
    movie.samples.push_back(sample);
  }
  return movie;
}

void Read(const Mp4Layout& layout, uint64_t offset, reel::MutableByteSpan into) {
  for (size_t done = 0; done < into.size();) {
    const Mp4Piece piece = layout.At(offset + done);
    const uint64_t from = offset + done - piece.begin_bytes;
    const auto part =
        static_cast<size_t>(std::min<uint64_t>(piece.size_bytes - from, into.size() - done));
    const reel::MutableByteSpan rest = into.subspan(done, part);
    if (piece.is_sample) std::fill(rest.begin(), rest.end(), static_cast<std::byte>(piece.index));
    if (!piece.is_sample) layout.CopyHeader(piece, from, rest);
    done += part;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ByteReader in(std::as_bytes(std::span(data, size)));
  const uint64_t step = in.Get<uint16_t>() % 4096 + 1;
  const reel::Result<Mp4Layout> planned = Mp4Layout::Plan(MovieOf(&in));
  if (!planned.ok()) return 0;
  const Mp4Layout& layout = *planned;
  size_t samples = 0;
  for (uint64_t at = 0; at < layout.size_bytes();) {
    const Mp4Piece piece = layout.At(at);
    REEL_CHECK(piece.begin_bytes == at && piece.size_bytes > 0, "no hole between parts");
    REEL_CHECK(!piece.is_sample || piece.index == samples++, "samples stand in order");
    at += piece.size_bytes;
    REEL_CHECK(at <= layout.size_bytes(), "no part behind the end");
  }
  REEL_CHECK(samples == layout.movie().samples.size(), "every sample stands in the file");
  const auto whole_bytes = static_cast<size_t>(std::min(layout.size_bytes(), kMaxReadBytes));
  Bytes whole(whole_bytes);
  Read(layout, 0, whole);
  Bytes parts(whole_bytes);
  for (size_t at = 0; at < whole_bytes; at += step) {
    Read(layout, at, reel::MutableByteSpan(parts).subspan(at, std::min(step, whole_bytes - at)));
  }
  REEL_CHECK(parts == whole, "parts are what the whole is");
  return 0;
}
