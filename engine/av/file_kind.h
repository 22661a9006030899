// What a file is, from its first bytes, and whether it has been cut short.
//
// Errors: as OpenMediaFile() gives them (source.h). Thread rule: pure functions of a file.
// Sources: ISO/IEC 14496-12 4.2 (boxes); RFC 8794 (EBML); ISO/IEC 13818-1 2.4.3 (188-byte packets).
#pragma once

#include <optional>
#include <string>

#include "reel/status.h"
#include "reel/unit.h"

namespace reel {

struct FileKind {
  enum class Container : uint8_t { kMp4, kMatroska, kMpegTs, kElementary };
  Container container = Container::kElementary;
  Codec codec = Codec::kH264;  // kElementary: kH264 or kH265
};

Result<FileKind> FindFileKind(const std::string& path);
// The same of input that has no file; `name` is what errors call it.
Result<FileKind> FindKindOf(ByteSpan head, const std::string& name);

// What is missing at the end of the file, in words ("its last box, mdat, ends 1000 bytes further
// on"); nullopt where nothing shows.
std::optional<std::string> FindCut(const std::string& path, FileKind::Container container);

}  // namespace reel
