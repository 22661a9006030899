#include "engine/store/head_ahead.h"

#include <algorithm>

#include "engine/format/chunk.h"
#include "engine/io/transfer.h"

namespace reel {

using format::kBlockBytes;

void HeadAhead::Expect(std::vector<Piece> pieces) {
  if (helpers_ == nullptr) return;
  ahead_.clear();
  expected_.assign(pieces.begin(), pieces.end());
  Fill();
}

void HeadAhead::Fill() {
  while (ahead_.size() < kPieces && !expected_.empty()) {
    Entry* const entry = ahead_.emplace_back(std::make_unique<Entry>()).get();
    entry->piece = expected_.front();
    expected_.pop_front();
    entry->reading.Begin(*helpers_, [this, entry] { Read(entry); });
  }
}

HeadBlocks HeadAhead::Take(const Piece& piece) {
  const auto at = std::find_if(ahead_.begin(), ahead_.end(),
                               [&](const auto& entry) { return entry->piece == piece; });
  if (at == ahead_.end()) return {};
  (*at)->reading.Await();
  HeadBlocks blocks = std::move((*at)->blocks);
  // Those before it were passed over.
  ahead_.erase(ahead_.begin(), at + 1);
  Fill();
  return blocks;
}

void HeadAhead::Read(Entry* entry) {
  const Piece& piece = entry->piece;
  const Result<SegmentLease> lease = footage_.Lease(piece.volume, piece.serial);
  if (!lease.ok()) return;
  const uint64_t end = piece.offset_bytes + piece.length_bytes;
  for (uint64_t at = piece.offset_bytes; at < end && entry->blocks.size() < kHeads;) {
    AlignedBytes block = AlignedBytes::ForOverwrite(kBlockBytes);
    if (!ReadExactly(lease->file(), at, block.span()).ok()) return;
    const auto head = format::DecodeChunkHead(block.span(), lease->header().uid, at);
    entry->blocks.emplace_back(at, std::move(block));
    // Damaged, or a head that is longer than a block.
    if (!head.ok()) return;
    at += head->place.chunk_bytes;
  }
}

}  // namespace reel
