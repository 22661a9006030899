// ChunkLoader: chunks whose place is known, read again one at a time: the head must be the one that
// was seen, and a unit leaves here only verified.
//
// Thread rule: one thread at a time. Ownership: the footage outlives it; it keeps the segment it
// read last from being recycled until the next one or Close.
// Device reads: 1 MiB ahead, or a chunk that is larger. Bound: that much memory.
#pragma once

#include <optional>
#include <vector>

#include "engine/format/chunk.h"
#include "engine/segment/file_window.h"
#include "engine/store/export_scan.h"

namespace reel {

class ChunkLoader {
 public:
  explicit ChunkLoader(Footage& footage) : footage_(footage), window_(footage.read_buffers()) {}

  // Errors: NotFound (recycled), Unavailable (volume away, device fails), DataLoss (another chunk
  // stands there, or it does not verify). A chunk that is loaded already is not read again.
  Status Load(const ScannedChunk& chunk);

  // Of the chunk loaded; valid until the next Load. DataLoss: does not verify.
  Result<ByteSpan> Unit(size_t index);
  const format::ChunkHead& head() const { return head_; }
  ContentId content_id() const { return format::ContentIdOf(head_, bytes_); }

  void Close();

 private:
  Footage& footage_;
  SegmentLease lease_;
  FileWindow window_;
  std::optional<std::pair<VolumeNo, SegmentSerial>> open_;
  std::optional<uint64_t> loaded_;  // offset of the chunk in the segment that is open
  format::ChunkHead head_;
  ByteSpan bytes_;              // all of the chunk
  std::vector<bool> verified_;  // units
};

}  // namespace reel
