// The splitter of elementary streams: however the bytes arrive, the same units must come out, and
// each must be well formed and hold the stream's own bytes.
#include <algorithm>

#include "engine/base/check.h"
#include "engine/media/au_splitter.h"
#include "engine/media/nal.h"

namespace {

using reel::AuSplitter;
using reel::ByteSpan;
using reel::Codec;
using reel::SplitUnit;

// Each unit, or an empty one for an error.
std::vector<SplitUnit> Split(Codec codec, ByteSpan stream, size_t piece_bytes) {
  AuSplitter splitter(codec);
  std::vector<SplitUnit> units;
  const auto drain = [&] {
    for (;;) {
      auto unit = splitter.Next();
      if (unit.ok() && !*unit) return;
      units.push_back(unit.ok() ? **std::move(unit) : SplitUnit{});
    }
  };
  while (!stream.empty()) {
    const ByteSpan piece = stream.first(std::min(piece_bytes, stream.size()));
    stream = stream.subspan(piece.size());
    splitter.Feed(piece);
    drain();
  }
  splitter.Finish();
  drain();
  return units;
}

void CheckUnit(const SplitUnit& unit, ByteSpan stream) {
  if (unit.bytes.empty()) return;
  const auto nals = reel::SplitNals(unit.bytes, reel::NalFraming::kLength4);
  REEL_CHECK(nals.ok() && !nals->empty(), "a unit is well formed");
  REEL_CHECK(unit.offset_bytes < stream.size(), "a unit stands in its stream");
  const ByteSpan at = stream.subspan(unit.offset_bytes);
  const ByteSpan first = nals->front();
  REEL_CHECK(first.size() <= at.size() && std::equal(first.begin(), first.end(), at.begin()),
             "a unit's first NAL unit stands where its offset says");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const Codec codec = (data[0] & 1) != 0 ? Codec::kH265 : Codec::kH264;
  const size_t piece_bytes = size_t{1} + data[1];
  const ByteSpan stream = std::as_bytes(std::span(data + 2, size - 2));
  const std::vector<SplitUnit> whole = Split(codec, stream, stream.size());
  const std::vector<SplitUnit> pieces = Split(codec, stream, piece_bytes);
  REEL_CHECK(whole.size() == pieces.size(), "pieces do not change the number of units");
  for (size_t i = 0; i < whole.size(); ++i) {
    REEL_CHECK(whole[i].bytes == pieces[i].bytes, "pieces do not change the units");
    REEL_CHECK(whole[i].offset_bytes == pieces[i].offset_bytes, "pieces do not change the offsets");
    CheckUnit(whole[i], stream);
  }
  return 0;
}
