// What a file is, for the record: its size and SHA-256, and its name in plain characters.
// Thread rule: pure functions of a file.
#pragma once

#include <array>
#include <string>

#include "reel/status.h"

namespace reel {

struct FileDigest {
  uint64_t size_bytes = 0;
  std::array<uint8_t, 32> sha256{};
};

// Reads it whole. NotFound, Unavailable and the like.
Result<FileDigest> DigestOfFile(const std::string& path);

// The last part of the path as the ledger takes it: at most 255 bytes, control characters and what
// is not UTF-8 as '?'.
std::string PlainName(const std::string& path);

}  // namespace reel
