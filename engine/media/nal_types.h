// nal_unit_type values Reel acts on. Sources: ITU-T H.264 table 7-1, ITU-T H.265 table 7-1.
#pragma once

#include "reel/types.h"

namespace reel {

struct H264Nal {
  enum Type : uint8_t {
    kSlice = 1,
    kSlicePartitionA = 2,
    kIdrSlice = 5,
    kSei = 6,
    kSps = 7,
    kPps = 8,
    kAud = 9,
    kPrefix = 14,
    kReserved18 = 18,
  };
};

struct H265Nal {
  enum Type : uint8_t {
    kRadlN = 6,
    kRadlR = 7,
    kRaslN = 8,
    kRaslR = 9,
    kBlaWLp = 16,
    kBlaWRadl = 17,
    kBlaNLp = 18,
    kIdrWRadl = 19,
    kIdrNLp = 20,
    kCra = 21,
    kLastVcl = 31,
    kVps = 32,
    kSps = 33,
    kPps = 34,
    kAud = 35,
    kPrefixSei = 39,
  };
};

// REQUIRES: `nal` is not empty.
inline uint8_t H264NalType(ByteSpan nal) { return std::to_integer<uint8_t>(nal[0]) & 0x1F; }
inline uint8_t H265NalType(ByteSpan nal) { return std::to_integer<uint8_t>(nal[0]) >> 1 & 0x3F; }

// Layer 0 is the picture a plain decoder shows. A header cut off counts as some other layer.
inline bool H265IsBaseLayer(ByteSpan nal) {
  return nal.size() >= 2 && (nal[0] & std::byte{1}) == std::byte{0} &&
         (nal[1] & std::byte{0xF8}) == std::byte{0};
}

inline constexpr size_t kH264NalHeaderBytes = 1;
inline constexpr size_t kH265NalHeaderBytes = 2;

// What follows the NAL header; empty when there is nothing.
inline ByteSpan NalPayload(ByteSpan nal, size_t header_bytes) {
  return nal.size() > header_bytes ? nal.subspan(header_bytes) : ByteSpan{};
}

}  // namespace reel
