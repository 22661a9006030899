#include "engine/store/chunk_loader.h"

#include "engine/base/check.h"

namespace reel {
namespace {

constexpr uint64_t kLoadAheadBytes = 1U << 20;

}  // namespace

void ChunkLoader::Close() {
  open_.reset();
  loaded_.reset();
  lease_ = SegmentLease();
}

Status ChunkLoader::Load(const ScannedChunk& chunk) {
  const ExportChunk& place = chunk.chunk;
  const std::pair segment{place.volume, place.serial};
  if (open_ == segment && loaded_ == place.offset_bytes) return OkStatus();
  loaded_.reset();
  if (open_ != segment) {
    Close();
    REEL_ASSIGN_OR_RETURN(lease_, footage_.Lease(place.volume, place.serial));
    if (lease_.header().uid != place.segment) return NotFound("its segment has been recycled");
    window_.Open(lease_.file(), lease_.header().footer_offset_bytes, kLoadAheadBytes);
    open_ = segment;
  }
  REEL_ASSIGN_OR_RETURN(bytes_, window_.At(place.offset_bytes, place.chunk_bytes));
  Result<format::ChunkHead> head =
      format::DecodeChunkHead(bytes_, place.segment, place.offset_bytes);
  if (!head.ok()) return DataLoss(head.status().message());
  head_ = *std::move(head);
  if (head_.place.header_crc32c != chunk.header_crc32c) {
    return DataLoss("another chunk stands where it was");
  }
  verified_.assign(head_.units.size(), false);
  loaded_ = place.offset_bytes;
  return OkStatus();
}

Result<ByteSpan> ChunkLoader::Unit(size_t index) {
  REEL_CHECK(loaded_ && index < head_.units.size(), "a unit of the chunk loaded");
  if (!verified_[index]) {
    REEL_RETURN_IF_ERROR(format::VerifiedUnit(head_, bytes_, index).status());
    verified_[index] = true;
  }
  uint64_t begin = head_.payload_begin_bytes();
  for (size_t i = 0; i < index; ++i) begin += head_.units[i].size_bytes;
  return bytes_.subspan(begin, head_.units[index].size_bytes);
}

}  // namespace reel
