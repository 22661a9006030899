#include "engine/store/chunk_loader.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace reel {
namespace {

uint64_t EndOf(const ExportChunk& chunk) { return chunk.offset_bytes + chunk.chunk_bytes; }

bool IsBehind(const ExportChunk& a, const ExportChunk& b) {
  return a.segment == b.segment && EndOf(a) == b.offset_bytes;
}

}  // namespace

ChunkLoader::ChunkLoader(Footage& footage, const std::vector<ScannedChunk>& chunks)
    : footage_(footage),
      chunks_(chunks),
      run_(std::make_unique<Run>(footage.read_buffers())),
      next_(std::make_unique<Run>(footage.read_buffers())) {}

// Which chunks are one read, from `first` on.
void ChunkLoader::Plan(size_t first, Run* run) const {
  run->first = first;
  run->end = first + 1;
  const uint64_t begin = chunks_[first].chunk.offset_bytes;
  while (run->end < chunks_.size() &&
         IsBehind(chunks_[run->end - 1].chunk, chunks_[run->end].chunk) &&
         EndOf(chunks_[run->end].chunk) - begin <= kRunBytes) {
    ++run->end;
  }
}

void ChunkLoader::Read(Run* run) const {
  const ExportChunk& first = chunks_[run->first].chunk;
  Result<SegmentLease> lease = footage_.Lease(first.volume, first.serial);
  run->status = lease.status();
  if (!lease.ok()) return;
  run->lease = *std::move(lease);
  if (run->lease.header().uid != first.segment) {
    run->status = NotFound("its segment has been recycled");
    return;
  }
  const uint64_t end = EndOf(chunks_[run->end - 1].chunk);
  run->window.Open(run->lease.file(), end, end - first.offset_bytes);
  run->status = run->window.At(first.offset_bytes, first.chunk_bytes).status();
  run->lease.LetGo();
}

void ChunkLoader::ReadAhead() {
  HelperThreads* const helpers = footage_.helpers();
  if (helpers == nullptr || run_->end >= chunks_.size() || next_->Holds(run_->end)) return;
  next_->reading.Await();
  Plan(run_->end, next_.get());
  next_->reading.Begin(*helpers, [this, run = next_.get()] { Read(run); });
}

Status ChunkLoader::Load(size_t chunk) {
  REEL_CHECK(chunk < chunks_.size(), "a chunk of the list");
  if (loaded_ == chunk) return OkStatus();
  loaded_.reset();
  const auto turn = run_->Holds(chunk) ? ReaderGate::Turn() : footage_.WaitForTurn();
  if (!run_->Holds(chunk) && next_->Holds(chunk)) {
    next_->reading.Await();
    std::swap(run_, next_);
    next_->first = next_->end = 0;
  }
  // What failed failed for the run's first chunk, and perhaps in passing.
  const ExportChunk& place = chunks_[chunk].chunk;
  if (!run_->Holds(chunk) || !run_->status.ok() ||
      !run_->window.Holds(place.offset_bytes, place.chunk_bytes)) {
    Plan(chunk, run_.get());
    Read(run_.get());
  }
  REEL_RETURN_IF_ERROR(run_->status);
  ReadAhead();
  REEL_ASSIGN_OR_RETURN(bytes_, run_->window.At(place.offset_bytes, place.chunk_bytes));
  Result<format::ChunkHead> head =
      format::DecodeChunkHead(bytes_, place.segment, place.offset_bytes);
  if (!head.ok()) return DataLoss(head.status().message());
  head_ = *std::move(head);
  if (head_.place.header_crc32c != chunks_[chunk].header_crc32c) {
    return DataLoss("another chunk stands where it was");
  }
  verified_.assign(head_.units.size(), false);
  loaded_ = chunk;
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
