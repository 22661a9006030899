#include "engine/media/bit_reader.h"

#include <algorithm>

#include "engine/base/check.h"

namespace reel {

bool BitReader::LoadByte() {
  if (zero_run_ >= 2 && next_ < bytes_.size() && bytes_[next_] == std::byte{3}) {
    ++next_;
    zero_run_ = 0;
  }
  if (next_ >= bytes_.size()) return false;
  current_ = std::to_integer<uint32_t>(bytes_[next_++]);
  zero_run_ = current_ == 0 ? zero_run_ + 1 : 0;
  bits_left_ = 8;
  return true;
}

uint32_t BitReader::Fail() {
  ok_ = false;
  next_ = bytes_.size();
  bits_left_ = 0;
  return 0;
}

uint32_t BitReader::GetBits(int count) {
  REEL_CHECK(count >= 0 && count <= 32, "a read gives at most 32 bits");
  uint64_t value = 0;
  for (int wanted = count; wanted > 0;) {
    if (bits_left_ == 0 && !LoadByte()) return Fail();
    const int taken = std::min(wanted, bits_left_);
    bits_left_ -= taken;
    value = value << taken | (current_ >> bits_left_ & ((1U << taken) - 1));
    wanted -= taken;
  }
  position_bits_ += static_cast<uint64_t>(count);
  return static_cast<uint32_t>(value);
}

uint32_t BitReader::GetUe() {
  int zeros = 0;
  while (ok_ && !GetFlag()) {
    if (++zeros == 32) return Fail();
  }
  if (!ok_) return 0;
  const uint32_t suffix = GetBits(zeros);
  return ok_ ? ((1U << zeros) - 1) + suffix : 0;
}

int32_t BitReader::GetSe() {
  const uint32_t code = GetUe();
  const auto half = static_cast<int32_t>(code / 2);
  return code % 2 == 1 ? half + 1 : -half;
}

void BitReader::SkipBits(uint64_t count) {
  while (ok_ && count > 0) {
    const auto step = static_cast<int>(std::min<uint64_t>(count, 32));
    GetBits(step);
    count -= static_cast<uint64_t>(step);
  }
}

}  // namespace reel
