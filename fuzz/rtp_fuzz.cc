// The packets of one track: the first byte says of which codec and how deep to reorder; then each
// packet behind two bytes: its length, and 1 for RTCP. Units must be well formed.
#include "engine/base/check.h"
#include "engine/media/nal.h"
#include "server/rtsp/track_receiver.h"

namespace {

using reel::ByteSpan;
using reel::Codec;
using reel::server::ReceivedUnit;

constexpr Codec kCodecs[] = {Codec::kH264,    Codec::kH265, Codec::kAac,
                             Codec::kPcmALaw, Codec::kOpus, Codec::kOnvifMetadata};

class Sink final : public reel::server::ReceivedUnitSink {
 public:
  explicit Sink(Codec codec) : is_video_(codec == Codec::kH264 || codec == Codec::kH265) {}
  void OnUnit(const ReceivedUnit& unit) override {
    REEL_CHECK(!unit.bytes.empty() && unit.bytes.size() <= reel::kMaxUnitBytes, "a unit's size");
    if (!is_video_) return;
    const auto nals = reel::SplitNals(unit.bytes, reel::NalFraming::kLength4);
    REEL_CHECK(nals.ok() && !nals->empty(), "a unit of video is NAL units");
  }

 private:
  bool is_video_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  reel::server::TrackPlan plan;
  plan.info.codec = kCodecs[data[0] % std::size(kCodecs)];
  const bool video = plan.info.codec == Codec::kH264 || plan.info.codec == Codec::kH265;
  plan.info.kind = video ? reel::TrackKind::kVideo : reel::TrackKind::kAudio;
  plan.payload_type = 96;
  plan.aac = {13, 3, 3};
  Sink sink(plan.info.codec);
  const reel::server::ReorderBuffer::Options order{size_t{data[0]} >> 5,
                                                   std::chrono::milliseconds(20)};
  reel::server::TrackReceiver receiver(plan, order, 1, sink);
  ByteSpan rest = std::as_bytes(std::span(data + 1, size - 1));
  reel::MonoTime now{1};
  while (rest.size() >= 2) {
    const size_t bytes = std::min(std::to_integer<size_t>(rest[0]), rest.size() - 2);
    const bool is_rtcp = rest[1] == std::byte{1};
    // A block of its own, so that a sanitizer sees the first byte read past its end.
    const reel::Bytes packet(rest.begin() + 2, rest.begin() + 2 + static_cast<ptrdiff_t>(bytes));
    rest = rest.subspan(2 + bytes);
    now = now + std::chrono::milliseconds(1);
    if (is_rtcp) {
      (void)receiver.OnRtcp(packet, now, reel::WallTime{now.ns});
    } else {
      receiver.OnRtp(packet, now);
    }
  }
  receiver.OnTimer(now + std::chrono::seconds(1));
  receiver.Finish();
  (void)receiver.Report(now);
  return 0;
}
