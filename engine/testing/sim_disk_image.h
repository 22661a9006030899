// SimImage: the bytes of one simulated file. Copies share pages until one of them is written, and
// pages never written cost nothing, so a crash explorer can make thousands of images a second.
// Thread rule: images that share pages belong to one thread.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "reel/types.h"

namespace reel {

class SimImage {
 public:
  SimImage() = default;
  // Reads as zeros.
  explicit SimImage(uint64_t size_bytes);

  uint64_t size_bytes() const { return size_bytes_; }
  // Ranges lie within the image.
  void Read(uint64_t offset_bytes, MutableByteSpan into) const;
  void Write(uint64_t offset_bytes, ByteSpan from);
  // Of size and content; equal content gives equal hashes, however it came about.
  uint64_t Hash() const;

 private:
  static constexpr size_t kPageBytes = size_t{16} << 10;
  struct Page {
    std::array<std::byte, kPageBytes> bytes{};
    std::optional<uint64_t> hash;  // of the bytes, once somebody has asked
  };

  static uint64_t HashOf(const Page& page);

  uint64_t size_bytes_ = 0;
  std::vector<std::shared_ptr<Page>> pages_;  // null: zeros
};

}  // namespace reel
