#include "engine/media/box_writer.h"

#include <limits>

#include "engine/base/bytes.h"
#include "engine/base/check.h"

namespace reel {
namespace {

void StoreBe32(std::byte* to, uint64_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) *to++ = static_cast<std::byte>(value >> shift);
}

}  // namespace

BoxWriter::Box::Box(Bytes* out, std::string_view type) : out_(out), begin_(out->size()) {
  REEL_CHECK(type.size() == 4, "a box type has four characters");
  constexpr size_t kSizeBytes = 4;
  out_->resize(begin_ + kSizeBytes);
  const ByteSpan name = AsBytes(type);
  out_->insert(out_->end(), name.begin(), name.end());
}

BoxWriter::Box::Box(Bytes* out, std::string_view type, uint32_t version_and_flags)
    : Box(out, type) {
  BoxWriter(out).Put32(version_and_flags);
}

BoxWriter::Box::~Box() {
  const size_t size = out_->size() - begin_;
  REEL_CHECK(size <= std::numeric_limits<uint32_t>::max(), "a box is smaller than 4 GiB");
  StoreBe32(out_->data() + begin_, size);
}

void BoxWriter::Put(uint64_t value, size_t bytes) {
  while (bytes-- > 0) out_->push_back(static_cast<std::byte>(value >> (8 * bytes) & 0xFF));
}

void BoxWriter::PutText(std::string_view text) { PutBytes(AsBytes(text)); }

void BoxWriter::Patch32(size_t at, uint64_t value) { StoreBe32(out_->data() + at, value); }

}  // namespace reel
