// Little-endian scalars in byte buffers. Loads and stores are unaligned-safe; bounds are the
// caller's, except in ByteReader: it takes bytes that may be hostile and never runs past their end.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>

#include "reel/types.h"

namespace reel {

static_assert(std::endian::native == std::endian::little,
              "the format is little endian; so is every target");

template <std::integral T>
T LoadLe(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <std::integral T>
void StoreLe(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

inline ByteSpan AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline constexpr uint64_t RoundUp(uint64_t value, uint64_t step) {
  return (value + step - 1) / step * step;
}
inline constexpr uint64_t RoundDown(uint64_t value, uint64_t step) { return value / step * step; }

// Appends scalars, varints (LEB128) and spans to a growing buffer.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes* out) : out_(out) {}

  template <std::integral T>
  void Put(T value) {
    const size_t at = out_->size();
    out_->resize(at + sizeof value);
    StoreLe(out_->data() + at, value);
  }
  void PutVarint(uint64_t value) {
    while (value >= 0x80) {
      out_->push_back(static_cast<std::byte>(value | 0x80));
      value >>= 7;
    }
    out_->push_back(static_cast<std::byte>(value));
  }
  void PutSignedVarint(int64_t value) {
    PutVarint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  void PutBytes(ByteSpan bytes) { out_->insert(out_->end(), bytes.begin(), bytes.end()); }
  template <class Tag>
  void PutUuid(const Uuid<Tag>& id) {
    PutBytes(std::as_bytes(std::span(id.bytes)));
  }
  // A varint length, then the bytes.
  void PutString(std::string_view text) {
    PutVarint(text.size());
    PutBytes(AsBytes(text));
  }

 private:
  Bytes* out_;
};

// Reads what ByteWriter wrote. The first read past the end, or a malformed varint, makes ok() false
// for good and every later read return zero; nothing is read out of bounds.
class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  size_t remaining() const { return rest_.size(); }

  template <std::integral T>
  T Get() {
    if (!Has(sizeof(T))) return 0;
    T value = LoadLe<T>(rest_.data());
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }
  uint64_t GetVarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = Get<uint8_t>();
      if (!ok_) return 0;
      if (shift == 63 && byte > 1) break;
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }
  int64_t GetSignedVarint() {
    const uint64_t raw = GetVarint();
    return static_cast<int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
  }
  ByteSpan GetBytes(size_t count) {
    if (!Has(count)) return {};
    ByteSpan bytes = rest_.first(count);
    rest_ = rest_.subspan(count);
    return bytes;
  }
  template <class Id>
  Id GetUuid() {
    Id id;
    const ByteSpan bytes = GetBytes(id.bytes.size());
    if (ok_) std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
    return id;
  }
  std::string GetString(size_t max_bytes) {
    const uint64_t size = GetVarint();
    if (size > max_bytes) ok_ = false;
    if (!ok_) return {};
    return std::string(AsText(GetBytes(static_cast<size_t>(size))));
  }

 private:
  bool Has(size_t count) {
    if (count > rest_.size()) ok_ = false;
    return ok_;
  }

  ByteSpan rest_;
  bool ok_ = true;
};

}  // namespace reel
