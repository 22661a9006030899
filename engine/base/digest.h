// Checksums and digests. CRC32C (ISA-L, carry-less multiply) guards every stored byte; SHA-256
// (OpenSSL, SHA-NI) names a chunk's content. CRC32C follows RFC 3720 appendix B.4.
#pragma once

#include "reel/types.h"

namespace reel {

// CRC32C of `bytes`, continuing from `seed` (0 to begin): Crc32c(b, Crc32c(a)) == Crc32c(a+b).
uint32_t Crc32c(ByteSpan bytes, uint32_t seed = 0);

// A starting value that makes checksums of one life of a segment fail in any other.
uint32_t SeedOf(const SegmentUid& uid);

std::array<uint8_t, 32> Sha256(ByteSpan bytes);

}  // namespace reel
