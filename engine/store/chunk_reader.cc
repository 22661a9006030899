#include "engine/store/chunk_reader.h"

#include <algorithm>

#include "engine/base/check.h"

namespace reel {

using format::ChunkHead;
using format::kBlockBytes;

void ChunkReader::Open(SegmentLease lease, const Target& target, uint32_t first_read_bytes,
                       HeadBlocks known) {
  known_ = std::move(known);
  further_read_bytes_ = first_read_bytes == kBlockBytes ? kBlockBytes : kReadAheadBytes;
  lease_ = std::move(lease);
  target_ = target;
  at_bytes_ = chunk_begin_bytes_ = target.piece.offset_bytes;
  next_unit_ = target.piece.first_unit;
  last_wall_ = target.time.begin;
  found_behind_damage_ = false;
  failed_reads_ = 0;
  const uint32_t read_bytes = std::min(first_read_bytes, format::kMaxChunkBytes);
  if (InsideSegment()) window_.Open(lease_.file(), end_bytes(), read_bytes);
}

void ChunkReader::SkipTo(const Mark& mark) {
  at_bytes_ = mark.offset_bytes;
  next_unit_ = mark.unit;
}

UnitNumber ChunkReader::end_unit() const {
  return {target_.piece.first_unit.value + target_.piece.unit_count};
}

uint64_t ChunkReader::end_bytes() const {
  return target_.piece.offset_bytes + target_.piece.length_bytes;
}

// The index is a cache and may be wrong; what it says must not lead out of the segment's chunks.
bool ChunkReader::InsideSegment() const {
  const Piece& piece = target_.piece;
  const format::SegmentHeader& header = lease_.header();
  return piece.offset_bytes % kBlockBytes == 0 && piece.length_bytes % kBlockBytes == 0 &&
         piece.offset_bytes >= 2 * uint64_t{header.granule_bytes} &&
         piece.offset_bytes <= header.footer_offset_bytes &&
         piece.length_bytes <= header.footer_offset_bytes - piece.offset_bytes;
}

void ChunkReader::Resume(SegmentLease lease) {
  lease_ = std::move(lease);
  window_.set_file(lease_.file());
}

// What has been passed is not read again: the chunk given last is the earliest.
bool ChunkReader::is_ready() const {
  return lease_.is_held() || window_.Holds(chunk_begin_bytes_, end_bytes() - chunk_begin_bytes_);
}

ChunkReader::Step ChunkReader::Next() {
  if (found_behind_damage_) return Accept();
  if (!InsideSegment()) {
    at_bytes_ = end_bytes();
    if (next_unit_ >= end_unit()) return Step::kEnd;
    return Lost(end_unit(), target_.time.end, DataLoss("the index names no place for chunks"));
  }
  Status why;
  while (at_bytes_ < end_bytes()) {
    Result<ChunkHead> head = HeadAt(at_bytes_);
    if (head.ok()) {
      head_ = *std::move(head);
      chunk_begin_bytes_ = at_bytes_;
      const UnitNumber first = head_.content.first_unit;
      return first == next_unit_ ? Accept() : Lost(first, head_.content.wall_begin, why);
    }
    if (why.ok()) why = head.status();
    at_bytes_ += kBlockBytes;
  }
  if (next_unit_ >= end_unit()) return Step::kEnd;
  return Lost(end_unit(), target_.time.end, why);
}

ChunkReader::Step ChunkReader::Accept() {
  found_behind_damage_ = false;
  at_bytes_ = chunk_begin_bytes_ + head_.place.chunk_bytes;
  next_unit_ = head_.end_unit();
  last_wall_ = head_.content.wall_end;
  return Step::kChunk;
}

ChunkReader::Step ChunkReader::Lost(UnitNumber end, WallTime until, const Status& why) {
  found_behind_damage_ = end < end_unit();
  if (!found_behind_damage_) at_bytes_ = end_bytes();
  const Status missing = why.ok() ? DataLoss("chunks are missing") : why;
  damage_ = Describe(next_unit_, end, {last_wall_, until}, missing);
  next_unit_ = end;
  return Step::kDamage;
}

Result<ByteSpan> ChunkReader::Bytes(uint64_t offset_bytes, uint64_t size_bytes) {
  if (failed_reads_ > kMaxFailedReads) return Unavailable("the device fails to read");
  Result<ByteSpan> bytes = window_.At(offset_bytes, size_bytes);
  if (!bytes.ok()) ++failed_reads_;
  return bytes;
}

Result<ByteSpan> ChunkReader::BlockAt(uint64_t offset_bytes) {
  for (const auto& [at_bytes, block] : known_) {
    if (at_bytes == offset_bytes) return block.span();
  }
  return Bytes(offset_bytes, kBlockBytes);
}

Result<ChunkHead> ChunkReader::HeadAt(uint64_t offset_bytes) {
  const SegmentUid& uid = lease_.header().uid;
  REEL_ASSIGN_OR_RETURN(ByteSpan bytes, BlockAt(offset_bytes));
  const uint32_t head_bytes = format::PeekHeadBytes(bytes, uid);
  if (head_bytes > end_bytes() - offset_bytes) return DataLoss("a chunk's head is cut off");
  if (head_bytes > kBlockBytes) {
    REEL_ASSIGN_OR_RETURN(bytes, Bytes(offset_bytes, head_bytes));
  }
  REEL_ASSIGN_OR_RETURN(ChunkHead head, format::DecodeChunkHead(bytes, uid, offset_bytes));
  REEL_RETURN_IF_ERROR(CheckBelongs(head));
  return head;
}

Status ChunkReader::CheckBelongs(const ChunkHead& head) const {
  const format::ContentHead& content = head.content;
  const bool right = content.stream == target_.stream && content.run == target_.run &&
                     head.place.epoch == lease_.header().epoch;
  if (!right) {
    return DataLoss("what stands there belongs to stream " + ToString(content.stream) + " run " +
                    ToString(content.run));
  }
  const bool within = content.first_unit >= next_unit_ && head.end_unit() <= end_unit() &&
                      head.place.chunk_bytes <= end_bytes() - head.place.offset_bytes;
  return within ? OkStatus() : DataLoss("what stands there are other units than the index names");
}

Result<ByteSpan> ChunkReader::UnitBytes(size_t index) {
  REEL_CHECK(index < head_.units.size(), "a unit of this chunk");
  uint64_t end = head_.payload_begin_bytes();
  for (size_t i = 0; i <= index; ++i) end += head_.units[i].size_bytes;
  if (index > 0) window_.set_read_ahead(further_read_bytes_);
  REEL_ASSIGN_OR_RETURN(const ByteSpan chunk, Bytes(chunk_begin_bytes_, end));
  window_.set_read_ahead(further_read_bytes_);  // the lead is there, if it was asked for
  return format::VerifiedUnit(head_, chunk, index);
}

Damage ChunkReader::DamageOf(size_t first, size_t end, const Status& why) const {
  const auto wall = [this](size_t i) {
    return head_.content.wall_begin + std::chrono::microseconds(head_.units[i].wall_delta_us);
  };
  const uint64_t base = head_.content.first_unit.value;
  return Describe({base + first}, {base + end}, {wall(first), wall(end - 1)}, why);
}

Damage ChunkReader::Describe(UnitNumber first, UnitNumber end, const WallRange& time,
                             const Status& why) const {
  const bool verdict = why.code() == Code::kNotFound || why.code() == Code::kOutOfRange;
  std::string text = "stream " + ToString(target_.stream) + " run " + ToString(target_.run) +
                     " units " + std::to_string(first.value) + ".." +
                     std::to_string(end.value - 1) + ", " + FormatWall(time.begin) + " to " +
                     FormatWall(time.end) + ", on volume " +
                     std::to_string(target_.piece.volume.value) + " segment " +
                     std::to_string(target_.piece.serial.value) + ": " + why.message();
  return {Status(verdict ? Code::kDataLoss : why.code(), std::move(text), why.system_errno()),
          first, end};
}

}  // namespace reel
