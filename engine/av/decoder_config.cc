#include "engine/av/decoder_config.h"

#include <algorithm>

#include "engine/base/check.h"

namespace reel {
namespace {

// Big-endian fields of a record that may be cut off: ok() turns false for good and reads give 0.
class RecordReader {
 public:
  explicit RecordReader(ByteSpan bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  Status status() const {
    return ok_ ? OkStatus() : InvalidArgument("decoder configuration cut off");
  }
  uint32_t Get(size_t bytes) {
    uint32_t value = 0;
    for (std::byte b : Take(bytes)) value = value << 8 | std::to_integer<uint32_t>(b);
    return value;
  }
  ByteSpan Take(size_t bytes) {
    if (bytes > rest_.size()) ok_ = false;
    if (!ok_) return {};
    const ByteSpan taken = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return taken;
  }

 private:
  ByteSpan rest_;
  bool ok_ = true;
};

void TakeParameterSets(uint32_t count, RecordReader* in, Bytes* out) {
  for (uint32_t i = 0; i < count && in->ok(); ++i) {
    const ByteSpan nal = in->Take(in->Get(2));
    if (!nal.empty()) AppendLengthPrefixed(nal, out);
  }
}

Result<NalFraming> FramingOf(uint32_t length_size_minus_one) {
  switch (length_size_minus_one & 3) {
    case 0:
      return NalFraming::kLength1;
    case 1:
      return NalFraming::kLength2;
    case 3:
      return NalFraming::kLength4;
    default:
      return InvalidArgument("decoder configuration states 3-byte NAL lengths");
  }
}

Result<DecoderConfig> ParseAvcC(ByteSpan raw) {
  RecordReader in(raw);
  in.Take(4);  // version, profile, compatibility, level
  DecoderConfig config;
  REEL_ASSIGN_OR_RETURN(config.framing, FramingOf(in.Get(1)));
  TakeParameterSets(in.Get(1) & 0x1F, &in, &config.parameter_sets);
  TakeParameterSets(in.Get(1), &in, &config.parameter_sets);
  REEL_RETURN_IF_ERROR(in.status());
  return config;
}

Result<DecoderConfig> ParseHvcC(ByteSpan raw) {
  RecordReader in(raw);
  in.Take(21);  // version up to avgFrameRate
  DecoderConfig config;
  REEL_ASSIGN_OR_RETURN(config.framing, FramingOf(in.Get(1)));
  const uint32_t arrays = in.Get(1);
  for (uint32_t i = 0; i < arrays; ++i) {
    in.Take(1);  // NAL type
    TakeParameterSets(in.Get(2), &in, &config.parameter_sets);
  }
  REEL_RETURN_IF_ERROR(in.status());
  return config;
}

bool StartsWithStartCode(ByteSpan raw) {
  const auto code = FindStartCode(raw.first(std::min<size_t>(raw.size(), 4)), 0);
  return code && (*code == 0 || raw[0] == std::byte{0});
}

}  // namespace

Result<DecoderConfig> ParseDecoderConfig(Codec codec, ByteSpan raw) {
  REEL_CHECK(codec == Codec::kH264 || codec == Codec::kH265, "not a codec with NAL units");
  if (raw.empty()) return DecoderConfig{};
  if (StartsWithStartCode(raw)) {
    REEL_ASSIGN_OR_RETURN(Bytes sets, ToLengthPrefixed(raw, NalFraming::kAnnexB));
    return DecoderConfig{NalFraming::kAnnexB, std::move(sets)};
  }
  REEL_ASSIGN_OR_RETURN(DecoderConfig config,
                        codec == Codec::kH264 ? ParseAvcC(raw) : ParseHvcC(raw));
  REEL_RETURN_IF_ERROR(SplitNals(config.parameter_sets, NalFraming::kLength4).status());
  return config;
}

}  // namespace reel
