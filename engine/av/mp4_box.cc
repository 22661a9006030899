#include "engine/av/mp4_box.h"

#include <array>

#include "engine/base/bytes.h"

namespace reel {
namespace {

uint64_t LoadBe(ByteSpan bytes) {
  uint64_t value = 0;
  for (std::byte b : bytes) value = value << 8 | std::to_integer<uint64_t>(b);
  return value;
}

}  // namespace

std::optional<Mp4Box> ReadMp4Box(const InputFile& file, uint64_t at_bytes, uint64_t limit_bytes) {
  constexpr size_t kShortHeader = 8;
  constexpr size_t kLongHeader = 16;
  constexpr uint64_t kMaxBoxBytes = uint64_t{1} << 62;
  std::array<std::byte, kLongHeader> header{};
  const Result<size_t> got = file.ReadAt(at_bytes, header);
  if (!got.ok() || *got < kShortHeader) return std::nullopt;
  const ByteSpan bytes(header);
  Mp4Box box{.type = std::string(AsText(bytes.subspan(4, 4))),
             .begin_bytes = at_bytes,
             .header_bytes = kShortHeader,
             .size_bytes = LoadBe(bytes.first(4))};
  if (box.size_bytes == 0) {
    box.size_bytes = limit_bytes - at_bytes;
  } else if (box.size_bytes == 1) {
    if (*got < kLongHeader) return std::nullopt;
    box.header_bytes = kLongHeader;
    box.size_bytes = LoadBe(bytes.subspan(8));
  }
  if (box.size_bytes < box.header_bytes || box.size_bytes > kMaxBoxBytes) return std::nullopt;
  return box;
}

}  // namespace reel
