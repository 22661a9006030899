// Reads bits, most significant first, from the payload of a NAL unit, leaving out emulation
// prevention bytes (the 03 of 00 00 03) as it goes: nothing is copied.
//
// The first read past the end, or an Exp-Golomb code of 32 leading zeros or more, makes ok() false
// for good and every later read return 0. Nothing is ever read out of bounds.
// Thread rule: a plain value; copy it to read ahead. The bytes must outlive it.
// Source: ITU-T H.264 7.3.1, 9.1; ITU-T H.265 7.3.1.1, 9.2.
#pragma once

#include "reel/types.h"

namespace reel {

class BitReader {
 public:
  explicit BitReader(ByteSpan payload) : bytes_(payload) {}

  bool ok() const { return ok_; }
  // Bits consumed so far, emulation prevention not counted.
  uint64_t position_bits() const { return position_bits_; }

  // `count` in 0..32.
  uint32_t GetBits(int count);
  bool GetFlag() { return GetBits(1) != 0; }
  // Exp-Golomb: 0..2^32-2, and -(2^31-1)..2^31-1.
  uint32_t GetUe();
  int32_t GetSe();
  void SkipBits(uint64_t count);

 private:
  bool LoadByte();
  uint32_t Fail();

  ByteSpan bytes_;
  size_t next_ = 0;  // in bytes_
  uint64_t position_bits_ = 0;
  uint32_t current_ = 0;  // the byte being read; its low bits_left_ bits are unread
  int bits_left_ = 0;
  int zero_run_ = 0;  // zero bytes just before next_, as emulation prevention counts them
  bool ok_ = true;
};

}  // namespace reel
