// Builds NAL units bit by bit, for golden and for hostile tests.
#pragma once

#include <initializer_list>

#include "reel/types.h"

namespace reel {

inline Bytes MakeBytes(std::initializer_list<int> values) {
  Bytes bytes;
  for (int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

class NalBuilder {
 public:
  NalBuilder(std::initializer_list<int> header) : header_(MakeBytes(header)) {}

  // More than 64 bits begin with zeros.
  NalBuilder& Bits(uint64_t value, int count) {
    for (int i = count - 1; i >= 0; --i) Bit(i < 64 && (value >> i & 1) != 0);
    return *this;
  }
  NalBuilder& Ue(uint64_t value) {
    int length = 0;
    while (((value + 1) >> length) > 1) ++length;
    return Bits(0, length).Bits(value + 1, length + 1);
  }
  NalBuilder& Se(int64_t value) {
    return Ue(value > 0 ? static_cast<uint64_t>(2 * value - 1) : static_cast<uint64_t>(-2 * value));
  }
  // The NAL unit: header, payload with its stop bit, emulation prevention put in.
  Bytes Build(bool stop_bit = true) const {
    NalBuilder copy = *this;
    if (stop_bit) copy.Bit(true);
    Bytes nal = header_;
    int zeros = 0;
    for (std::byte byte : copy.payload_) {
      if (zeros >= 2 && byte <= std::byte{3}) {
        nal.push_back(std::byte{3});
        zeros = 0;
      }
      zeros = byte == std::byte{0} ? zeros + 1 : 0;
      nal.push_back(byte);
    }
    return nal;
  }

 private:
  void Bit(bool bit) {
    if (used_bits_ % 8 == 0) payload_.push_back(std::byte{0});
    if (bit) payload_.back() |= static_cast<std::byte>(0x80 >> used_bits_ % 8);
    ++used_bits_;
  }

  Bytes header_;
  Bytes payload_;
  int used_bits_ = 0;
};

}  // namespace reel
