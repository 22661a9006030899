#include "engine/testing/sim_disk_image.h"

#include <algorithm>
#include <cstring>

#include "engine/base/bytes.h"
#include "engine/base/check.h"

namespace reel {
namespace {

constexpr uint64_t kMix = 0x9E3779B97F4A7C15ULL;

uint64_t Mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * kMix;
  return hash ^ (hash >> 32);
}

}  // namespace

SimImage::SimImage(uint64_t size_bytes)
    : size_bytes_(size_bytes), pages_((size_bytes + kPageBytes - 1) / kPageBytes) {}

void SimImage::Read(uint64_t offset_bytes, MutableByteSpan into) const {
  REEL_CHECK(offset_bytes <= size_bytes_ && into.size() <= size_bytes_ - offset_bytes,
             "a read lies within its image");
  while (!into.empty()) {
    const size_t at = offset_bytes % kPageBytes;
    const size_t count = std::min(into.size(), kPageBytes - at);
    const auto& page = pages_[offset_bytes / kPageBytes];
    if (page == nullptr) {
      std::memset(into.data(), 0, count);
    } else {
      std::memcpy(into.data(), page->bytes.data() + at, count);
    }
    into = into.subspan(count);
    offset_bytes += count;
  }
}

void SimImage::Write(uint64_t offset_bytes, ByteSpan from) {
  REEL_CHECK(offset_bytes <= size_bytes_ && from.size() <= size_bytes_ - offset_bytes,
             "a write lies within its image");
  while (!from.empty()) {
    const size_t at = offset_bytes % kPageBytes;
    const size_t count = std::min(from.size(), kPageBytes - at);
    auto& page = pages_[offset_bytes / kPageBytes];
    if (page == nullptr) {
      page = std::make_shared<Page>();
    } else if (page.use_count() > 1) {
      page = std::make_shared<Page>(*page);
    }
    page->hash.reset();
    std::memcpy(page->bytes.data() + at, from.data(), count);
    from = from.subspan(count);
    offset_bytes += count;
  }
}

uint64_t SimImage::HashOf(const Page& page) {
  uint64_t hash = kMix;
  for (size_t at = 0; at < kPageBytes; at += sizeof(uint64_t)) {
    hash = Mix(hash, LoadLe<uint64_t>(page.bytes.data() + at));
  }
  return hash;
}

uint64_t SimImage::Hash() const {
  static const uint64_t of_zeros = HashOf(Page{});
  uint64_t hash = Mix(kMix, size_bytes_);
  for (const auto& page : pages_) {
    if (page != nullptr && !page->hash) page->hash = HashOf(*page);
    hash = Mix(hash, page == nullptr ? of_zeros : *page->hash);
  }
  return hash;
}

}  // namespace reel
