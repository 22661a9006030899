// Named, range-checked fields on top of BitReader, for the syntax of parameter sets and slice
// headers.
//
// The first field out of range, or past the end, sticks: status() names it and every later read
// returns 0 (or the lower limit), so loops that a field bounds stop. Copy it to read ahead.
#pragma once

#include <string>

#include "engine/media/bit_reader.h"
#include "reel/status.h"

namespace reel {

class FieldReader {
 public:
  // `what` prefixes every error ("H.264 SPS"); a string literal.
  FieldReader(ByteSpan payload, const char* what) : bits_(payload), what_(what) {}

  bool ok() const { return bad_field_ == nullptr && bits_.ok(); }
  Status status() const;

  uint32_t Bits(int count) { return ok() ? bits_.GetBits(count) : 0; }
  bool Flag() { return Bits(1) != 0; }
  void Skip(uint64_t bits) {
    if (ok()) bits_.SkipBits(bits);
  }
  uint32_t Ue() { return ok() ? bits_.GetUe() : 0; }
  // 0..max, both in.
  uint32_t Ue(const char* field, uint32_t max) { return Checked(field, Ue(), max); }
  uint32_t Bits(const char* field, int count, uint32_t max) {
    return Checked(field, Bits(count), max);
  }
  int32_t Se() { return ok() ? bits_.GetSe() : 0; }
  // Marks `field` as out of range.
  void Refuse(const char* field, int64_t value);

 private:
  uint32_t Checked(const char* field, uint32_t value, uint32_t max) {
    if (value <= max) return value;
    Refuse(field, value);
    return 0;
  }

  BitReader bits_;
  const char* what_;
  const char* bad_field_ = nullptr;
  int64_t bad_value_ = 0;
};

}  // namespace reel
