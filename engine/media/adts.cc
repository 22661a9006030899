#include "engine/media/adts.h"

#include <array>

namespace reel {
namespace {

constexpr std::array<uint32_t, 13> kSampleRates = {96'000, 88'200, 64'000, 48'000, 44'100,
                                                   32'000, 24'000, 22'050, 16'000, 12'000,
                                                   11'025, 8'000,  7'350};

}  // namespace

std::optional<AdtsHeader> ParseAdtsHeader(ByteSpan bytes) {
  if (bytes.size() < kAdtsHeaderBytes) return std::nullopt;
  uint64_t bits = 0;
  for (std::byte b : bytes.first(kAdtsHeaderBytes)) bits = bits << 8 | std::to_integer<uint64_t>(b);
  // Field positions count from the end of the 56 bits.
  const auto field = [bits](int low, int count) {
    return static_cast<uint32_t>(bits >> low & ((uint64_t{1} << count) - 1));
  };
  constexpr uint32_t kSync = 0xFFF;
  const bool is_layer_0 = field(41, 2) == 0;
  const uint32_t object_type = field(38, 2) + 1;
  const uint32_t rate_index = field(34, 4);
  const uint32_t channels = field(30, 3);
  AdtsHeader header;
  header.header_bytes = field(40, 1) != 0 ? kAdtsHeaderBytes : kAdtsHeaderBytes + 2;
  header.frame_bytes = field(13, 13);
  header.samples = (field(0, 2) + 1) * kAdtsSamplesPerBlock;
  if (field(44, 12) != kSync || !is_layer_0 || rate_index >= kSampleRates.size() ||
      header.frame_bytes <= header.header_bytes) {
    return std::nullopt;
  }
  header.sample_rate_hz = kSampleRates[rate_index];
  constexpr uint32_t kSevenPointOne = 7;
  header.channels = channels == kSevenPointOne ? 8 : channels;
  header.audio_specific_config = {static_cast<std::byte>(object_type << 3 | rate_index >> 1),
                                  static_cast<std::byte>((rate_index & 1) << 7 | channels << 3)};
  return header;
}

uint8_t AdtsHeaderBytesOf(ByteSpan unit) {
  const std::optional<AdtsHeader> header = ParseAdtsHeader(unit);
  const bool is_one_frame = header && header->frame_bytes == unit.size();
  return is_one_frame ? static_cast<uint8_t>(header->header_bytes) : 0;
}

}  // namespace reel
