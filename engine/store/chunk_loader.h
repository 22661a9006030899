// ChunkLoader: chunks whose place is known, read again one at a time: the head must be the one that
// was seen, and a unit leaves here only verified.
//
// Chunks that stand one behind another in the list and in the segment are one device read, up to
// kRunBytes; the run behind it is read meanwhile, where the footage has helpers.
// Thread rule: one thread at a time. Ownership: the footage and the list outlive it; it holds a
// segment only while it reads from it.
// Bound: memory is two runs, or two chunks that are larger.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/format/chunk.h"
#include "engine/segment/file_window.h"
#include "engine/store/export_scan.h"

namespace reel {

class ChunkLoader {
 public:
  static constexpr uint64_t kRunBytes = 1U << 20;

  ChunkLoader(Footage& footage, const std::vector<ScannedChunk>& chunks);

  // Errors: NotFound (recycled), Unavailable (volume away, device fails), DataLoss (another chunk
  // stands there, or it does not verify). A chunk that is loaded already is not read again.
  Status Load(size_t chunk);

  // Of the chunk loaded; valid until the next Load. DataLoss: does not verify.
  Result<ByteSpan> Unit(size_t index);
  const format::ChunkHead& head() const { return head_; }
  ContentId content_id() const { return format::ContentIdOf(head_, bytes_); }

 private:
  // Chunks [first, end), neighbours in one segment.
  struct Run {
    explicit Run(BufferPool* buffers) : window(buffers) {}
    bool Holds(size_t chunk) const { return first <= chunk && chunk < end; }

    size_t first = 0;
    size_t end = 0;
    SegmentLease lease;  // let go; the file stays open
    FileWindow window;
    Status status;
    HelpedTask reading;  // the last member: it uses the others
  };

  void Plan(size_t first, Run* run) const;
  void Read(Run* run) const;
  void ReadAhead();

  Footage& footage_;
  const std::vector<ScannedChunk>& chunks_;
  std::unique_ptr<Run> run_;
  std::unique_ptr<Run> next_;
  std::optional<size_t> loaded_;
  format::ChunkHead head_;
  ByteSpan bytes_;              // all of the chunk
  std::vector<bool> verified_;  // units
};

}  // namespace reel
