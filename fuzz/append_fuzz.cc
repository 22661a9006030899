// What a client may hand in for a track, as Ingest.Append takes it: a first byte that says codec
// and framing, two bytes of length of the parameter sets, those, and units behind two bytes of
// length each. What is taken is stored form, and the tracks stay what a run takes.
#include "engine/base/check.h"
#include "server/rpc/unit_framing.h"

namespace {

using reel::Bytes;
using reel::ByteSpan;

class Pieces {
 public:
  explicit Pieces(ByteSpan rest) : rest_(rest) {}
  bool empty() const { return rest_.empty(); }
  uint8_t Byte() {
    const ByteSpan one = Take(1);
    return one.empty() ? 0 : std::to_integer<uint8_t>(one[0]);
  }
  ByteSpan Next() {
    const size_t high = Byte();
    return Take(high << 8 | Byte());
  }

 private:
  ByteSpan Take(size_t size) {
    const ByteSpan taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  ByteSpan rest_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Pieces pieces(std::as_bytes(std::span(data, size)));
  const uint8_t what = pieces.Byte();
  reel::TrackInfo video;
  video.codec = (what & 1) != 0 ? reel::Codec::kH265 : reel::Codec::kH264;
  const auto framing = (what & 2) != 0 ? reel::NalFraming::kAnnexB : reel::NalFraming::kLength4;
  const ByteSpan config = pieces.Next();
  video.config.assign(config.begin(), config.end());
  auto made = reel::server::UnitFraming::Make({video});
  if (!made.ok()) return 0;
  while (!pieces.empty()) {
    reel::UnitView unit;
    unit.bytes = pieces.Next();
    const auto framed = made->Frame(unit, framing);
    if (!framed.ok()) continue;
    REEL_CHECK(reel::SplitNals(framed->unit.bytes, reel::NalFraming::kLength4).ok(),
               "what is taken is in stored form");
    REEL_CHECK(made->tracks()[0].config.size() <= reel::kMaxTrackConfigBytes,
               "the parameter sets fit a track");
  }
  return 0;
}
