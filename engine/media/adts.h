// ADTS: AAC frames that carry their own header, as MPEG-TS and some cameras deliver them.
//
// Thread rule: pure functions. Source: ISO/IEC 13818-7 6.2; ISO/IEC 14496-3 1.6.2.1.
#pragma once

#include <optional>

#include "reel/types.h"

namespace reel {

inline constexpr size_t kAdtsHeaderBytes = 7;  // without check bytes
inline constexpr uint32_t kAdtsSamplesPerBlock = 1024;

struct AdtsHeader {
  size_t header_bytes = 0;  // 7, or 9 with check bytes
  size_t frame_bytes = 0;   // header included, at most 8191
  uint32_t samples = 0;
  uint32_t sample_rate_hz = 0;
  uint32_t channels = 0;  // 0: stated inside the frame
  Bytes audio_specific_config;
};

// The header at the start of `bytes`; nullopt if there is none, or fewer than kAdtsHeaderBytes.
std::optional<AdtsHeader> ParseAdtsHeader(ByteSpan bytes);

// How much of a unit is its ADTS header; 0 for a raw frame. No raw frame begins with the twelve
// ones of such a header: that would be the end of a frame.
uint8_t AdtsHeaderBytesOf(ByteSpan unit);

}  // namespace reel
