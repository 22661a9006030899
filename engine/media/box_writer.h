// Writes the boxes of an MP4 file into a growing buffer: big-endian fields, sizes filled in when a
// box is closed.
//
//   BoxWriter out(&bytes);
//   {
//     const BoxWriter::Box moov = out.Begin("moov");
//     const BoxWriter::Box mvhd = out.BeginFull("mvhd", 1, 0);
//     out.Put64(created);
//   }
//
// Thread rule: one thread at a time. Ownership: the buffer outlives the writer, the writer its
// boxes. Bound: a box is smaller than 4 GiB (checked); larger ones are written by hand.
// Source: ISO/IEC 14496-12 4.2.
#pragma once

#include <cstdint>
#include <string_view>

#include "reel/types.h"

namespace reel {

class BoxWriter {
 public:
  // Open until it is destroyed.
  class Box {
   public:
    ~Box();
    Box(const Box&) = delete;
    Box& operator=(const Box&) = delete;

   private:
    friend class BoxWriter;
    Box(Bytes* out, std::string_view type);
    Box(Bytes* out, std::string_view type, uint32_t version_and_flags);

    Bytes* out_;
    size_t begin_;
  };

  explicit BoxWriter(Bytes* out) : out_(out) {}

  // `type` has four characters.
  [[nodiscard]] Box Begin(std::string_view type) { return {out_, type}; }
  // With the version and flags that follow the header of a "full box". `flags` has 24 bits.
  [[nodiscard]] Box BeginFull(std::string_view type, uint8_t version, uint32_t flags) {
    return {out_, type, uint32_t{version} << 24 | flags};
  }

  void Put8(uint64_t value) { Put(value, 1); }
  void Put16(uint64_t value) { Put(value, 2); }
  void Put32(uint64_t value) { Put(value, 4); }
  void Put64(uint64_t value) { Put(value, 8); }
  void PutSigned32(int64_t value) { Put(static_cast<uint64_t>(value), 4); }
  void PutSigned64(int64_t value) { Put(static_cast<uint64_t>(value), 8); }
  void PutZeros(size_t count) { out_->resize(out_->size() + count); }
  void PutBytes(ByteSpan bytes) { out_->insert(out_->end(), bytes.begin(), bytes.end()); }
  void PutText(std::string_view text);

  size_t size() const { return out_->size(); }
  // Overwrites what was put at `at`.
  void Patch32(size_t at, uint64_t value);

 private:
  void Put(uint64_t value, size_t bytes);

  Bytes* out_;
};

}  // namespace reel
