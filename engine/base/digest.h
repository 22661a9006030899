// Checksums and digests. CRC32C (ISA-L, carry-less multiply) guards every stored byte; SHA-256
// (OpenSSL, SHA-NI) names a chunk's content. CRC32C follows RFC 3720 appendix B.4.
#pragma once

#include <memory>

#include "reel/types.h"

namespace reel {

// CRC32C of `bytes`, continuing from `seed` (0 to begin): Crc32c(b, Crc32c(a)) == Crc32c(a+b).
uint32_t Crc32c(ByteSpan bytes, uint32_t seed = 0);

// A starting value that makes checksums of one life of a segment fail in any other.
uint32_t SeedOf(const SegmentUid& uid);

std::array<uint8_t, 32> Sha256(ByteSpan bytes);

// The same of bytes that come in parts. Thread rule: one thread at a time.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;

  void Put(ByteSpan bytes);
  // Of all that was put. Once.
  std::array<uint8_t, 32> Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string HexOf(std::span<const uint8_t> bytes);  // lower case

}  // namespace reel
