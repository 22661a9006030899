// Cuts an Annex B elementary stream, arriving in pieces of any size, into access units as Reel
// stores them.
//
//   splitter.Feed(piece);
//   for (;;) {
//     Result<std::optional<SplitUnit>> unit = splitter.Next();  // an error costs one unit only
//     if (unit.ok() && !*unit) break;
//     ...
//   }
//   at the end: Finish(), then Next() as before for the last unit.
//
// A unit comes out when the first NAL unit of the next one is complete. Memory: at most
// kMaxUnitBytes for the unit, as much for the NAL unit being read, and the last piece.
// Thread rule: one thread at a time. Boundary rules: picture_boundary.h.
#pragma once

#include <optional>

#include "engine/media/picture_boundary.h"
#include "reel/status.h"
#include "reel/unit.h"

namespace reel {

struct SplitUnit {
  uint64_t offset_bytes = 0;  // in the stream, of its first NAL unit's first byte
  Bytes bytes;                // NAL units behind 4-byte lengths, 1..kMaxUnitBytes
};

class AuSplitter {
 public:
  // REQUIRES: codec is kH264 or kH265.
  explicit AuSplitter(Codec codec) : boundary_(codec) {}

  // Takes the next bytes of the stream. REQUIRES: not finished; Next() gave nullopt since last
  // time.
  void Feed(ByteSpan piece);

  // Says that no more bytes come.
  void Finish() { finished_ = true; }

  // The next unit; nullopt if more bytes are needed, or after the last. InvalidArgument, naming the
  // stream offset, stands for a unit over kMaxUnitBytes or kMaxNalsPerUnit or for bytes outside any
  // NAL unit; they are dropped and the stream goes on.
  Result<std::optional<SplitUnit>> Next();

  // What the splitter holds, the bound above.
  size_t held_bytes() const { return buffer_.size() + unit_.bytes.size() + held_.bytes.size(); }

 private:
  struct Nal {
    uint64_t offset_bytes;
    ByteSpan bytes;  // in buffer_
    bool cut;        // over kMaxUnitBytes: only its beginning is there
  };

  // Part of a unit being put together.
  struct Part {
    uint64_t offset_bytes = 0;
    Bytes bytes;
    size_t nal_count = 0;
    bool too_big = false;  // the bytes are dropped

    void Append(const Nal& nal);
    void Join(Part&& next);
    void Limit();
  };

  Result<std::optional<Nal>> TakeNal();
  void DropOversize();
  static Result<std::optional<SplitUnit>> Close(Part&& unit);

  PictureBoundary boundary_;
  bool finished_ = false;
  bool drained_ = true;  // Next() has said that it needs more

  // Bytes not yet taken. buffer_[0] is byte buffer_offset_ of the stream.
  Bytes buffer_;
  uint64_t buffer_offset_ = 0;
  size_t nal_begin_ = 0;  // in buffer_: first byte behind the last start code
  size_t scan_ = 0;       // in buffer_: no start code begins between nal_begin_ and here
  uint64_t dropped_bytes_ =
      0;                 // of the NAL unit being read, from behind the beginning that is kept
  bool in_nal_ = false;  // a start code has been seen

  Part unit_;
  Part held_;  // NAL units that go with the next one (Boundary::kWithNext)
};

}  // namespace reel
