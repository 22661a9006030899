#include "engine/format/footer.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/digest.h"

namespace reel::format {
namespace {

constexpr uint32_t kMaxChunksPerSegment = 1U << 24;

int64_t Difference(uint64_t a, uint64_t b) { return static_cast<int64_t>(a - b); }
uint64_t Advance(uint64_t a, int64_t by) { return a + static_cast<uint64_t>(by); }
WallTime AdvanceWall(WallTime t, int64_t by) {
  return {static_cast<int64_t>(static_cast<uint64_t>(t.ns) + static_cast<uint64_t>(by))};
}
int64_t WallDifference(WallTime a, WallTime b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a.ns) - static_cast<uint64_t>(b.ns));
}

std::array<uint8_t, 32> HashPair(const std::array<uint8_t, 32>& left, const std::array<uint8_t, 32>& right) {
  std::array<std::byte, 65> node;
  node[0] = std::byte{1};
  std::memcpy(node.data() + 1, left.data(), left.size());
  std::memcpy(node.data() + 33, right.data(), right.size());
  return Sha256(node);
}

// The rows of a directory, decoded against the same expectations the encoder used.
class RowDecoder {
 public:
  RowDecoder(ByteSpan bytes, uint32_t granule_bytes) : reader_(bytes), granule_bytes_(granule_bytes) {}

  bool Next(ChunkRow* row) {
    const uint64_t number = reader_.GetVarint();
    if (!reader_.ok() || number > runs_.size()) return false;
    if (number == runs_.size()) {
      const auto stream = reader_.GetUuid<StreamId>();
      runs_.push_back({stream, reader_.GetUuid<RunId>(), {}, {}});
    }
    RunState& run = runs_[number];
    row->stream = run.stream;
    row->run = run.run;
    row->seq = {static_cast<uint32_t>(Advance(last_seq_.value, reader_.GetSignedVarint()))};
    row->offset_bytes = last_end_bytes_ + static_cast<uint64_t>(reader_.GetSignedVarint()) * granule_bytes_;
    const uint64_t granules = reader_.GetVarint();
    const uint64_t lead_bytes = reader_.GetVarint();
    row->first_unit = {Advance(run.next_unit.value, reader_.GetSignedVarint())};
    const uint64_t units = reader_.GetVarint();
    row->wall_begin = AdvanceWall(run.wall_end, reader_.GetSignedVarint());
    row->wall_end = AdvanceWall(row->wall_begin, reader_.GetSignedVarint());
    const uint64_t flags = reader_.GetVarint();
    if (!reader_.ok() || granules > kMaxChunkBytes / granule_bytes_ || lead_bytes > kMaxChunkBytes ||
        units == 0 || units > kMaxChunkUnits || flags > 0xFFFF) {
      return false;
    }
    row->chunk_bytes = static_cast<uint32_t>(granules * granule_bytes_);
    row->lead_bytes = static_cast<uint32_t>(lead_bytes);
    row->unit_count = static_cast<uint32_t>(units);
    row->flags = static_cast<uint16_t>(flags);
    last_seq_ = row->seq;
    last_end_bytes_ = row->offset_bytes + row->chunk_bytes;
    run.next_unit = row->end_unit();
    run.wall_end = row->wall_end;
    return true;
  }

  bool at_end() const { return reader_.at_end(); }

 private:
  struct RunState {
    StreamId stream;
    RunId run;
    UnitNumber next_unit;
    WallTime wall_end;
  };

  ByteReader reader_;
  uint32_t granule_bytes_;
  std::vector<RunState> runs_;
  ChunkSeq last_seq_;
  uint64_t last_end_bytes_ = 0;
};

}  // namespace

ChunkRow RowOf(const ChunkHead& head) {
  ChunkRow row;
  row.stream = head.content.stream;
  row.run = head.content.run;
  row.seq = head.place.seq;
  row.offset_bytes = head.place.offset_bytes;
  row.chunk_bytes = head.place.chunk_bytes;
  row.lead_bytes = head.lead_bytes();
  row.first_unit = head.content.first_unit;
  row.unit_count = head.content.unit_count;
  row.wall_begin = head.content.wall_begin;
  row.wall_end = head.content.wall_end;
  row.flags = head.content.flags;
  return row;
}

void DirectoryEncoder::Append(const ChunkRow& row) {
  ByteWriter writer(&rows_);
  const auto [at, is_new] = runs_.try_emplace({row.stream, row.run}, RunState{runs_.size(), {}, {}});
  RunState& run = at->second;
  writer.PutVarint(run.number);
  if (is_new) {
    writer.PutUuid(row.stream);
    writer.PutUuid(row.run);
  }
  writer.PutSignedVarint(Difference(row.seq.value, last_seq_.value));
  writer.PutSignedVarint(Difference(row.offset_bytes, last_end_bytes_) / granule_bytes_);
  writer.PutVarint(row.chunk_bytes / granule_bytes_);
  writer.PutVarint(row.lead_bytes);
  writer.PutSignedVarint(Difference(row.first_unit.value, run.next_unit.value));
  writer.PutVarint(row.unit_count);
  writer.PutSignedVarint(WallDifference(row.wall_begin, run.wall_end));
  writer.PutSignedVarint(WallDifference(row.wall_end, row.wall_begin));
  writer.PutVarint(row.flags);
  ++count_;
  last_seq_ = row.seq;
  last_end_bytes_ = row.offset_bytes + row.chunk_bytes;
  run.next_unit = row.end_unit();
  run.wall_end = row.wall_end;
  begin_ = std::min(begin_, row.wall_begin);
  end_ = std::max(end_, row.wall_end);
  stored_bytes_ += row.chunk_bytes;
}

Bytes DirectoryEncoder::Encode(FooterHead head, const std::vector<ContentId>& content_ids) const {
  REEL_CHECK(content_ids.size() == count_, "one content id per row");
  Bytes directory = rows_;
  for (const ContentId& id : content_ids) ByteWriter(&directory).PutBytes(std::as_bytes(std::span(id.bytes)));
  head.chunk_count = count_;
  head.highest_seq = last_seq_;
  head.directory_bytes = static_cast<uint32_t>(directory.size());
  head.directory_crc32c = Crc32c(directory, SeedOf(head.uid));
  head.begin = begin_;
  head.end = end_;
  head.stored_bytes = stored_bytes_;
  head.content_root = MerkleRoot(content_ids);
  const ByteSpan head_bytes = std::as_bytes(std::span(&head, 1));
  head.crc32c = Crc32c(head_bytes.first(offsetof(FooterHead, crc32c)), SeedOf(head.uid));
  Bytes out;
  ByteWriter writer(&out);
  writer.PutBytes(head_bytes);
  writer.PutBytes(directory);
  return out;
}

Result<FooterHead> DecodeFooterHead(ByteSpan bytes, const SegmentUid& uid) {
  if (bytes.size() < sizeof(FooterHead)) return OutOfRange("footer head is cut off");
  const auto head = Load<FooterHead>(bytes);
  if (head.magic != kFooterMagic || head.uid != uid) return NotFound("no footer of this life");
  if (Crc32c(bytes.first(offsetof(FooterHead, crc32c)), SeedOf(uid)) != head.crc32c) {
    return DataLoss("footer head does not match its checksum");
  }
  if (head.version != kFormatVersion) return UnknownVersion("footer", head.version);
  if (head.chunk_count > kMaxChunksPerSegment ||
      head.directory_bytes < uint64_t{head.chunk_count} * sizeof(ContentId)) {
    return DataLoss("footer head holds impossible values");
  }
  return head;
}

Result<Footer> DecodeFooter(ByteSpan bytes, const SegmentUid& uid, uint32_t granule_bytes) {
  Footer footer;
  REEL_ASSIGN_OR_RETURN(footer.head, DecodeFooterHead(bytes, uid));
  if (bytes.size() - sizeof(FooterHead) < footer.head.directory_bytes) {
    return OutOfRange("footer directory is cut off");
  }
  const ByteSpan directory = bytes.subspan(sizeof(FooterHead), footer.head.directory_bytes);
  if (Crc32c(directory, SeedOf(uid)) != footer.head.directory_crc32c) {
    return DataLoss("footer directory does not match its checksum");
  }
  const size_t ids_bytes = footer.head.chunk_count * sizeof(ContentId);
  RowDecoder rows(directory.first(directory.size() - ids_bytes), granule_bytes);
  footer.rows.resize(footer.head.chunk_count);
  for (ChunkRow& row : footer.rows) {
    if (!rows.Next(&row)) return DataLoss("footer directory holds impossible values");
  }
  if (!rows.at_end()) return DataLoss("footer directory has bytes left over");
  footer.content_ids.resize(footer.head.chunk_count);
  if (ids_bytes != 0) std::memcpy(footer.content_ids.data(), directory.last(ids_bytes).data(), ids_bytes);
  return footer;
}

std::array<uint8_t, 32> MerkleRoot(std::span<const ContentId> leaves) {
  if (leaves.empty()) return Sha256({});
  if (leaves.size() == 1) {
    std::array<std::byte, 33> leaf;
    leaf[0] = std::byte{0};
    std::memcpy(leaf.data() + 1, leaves[0].bytes.data(), leaves[0].bytes.size());
    return Sha256(leaf);
  }
  const size_t left = std::bit_floor(leaves.size() - 1);
  return HashPair(MerkleRoot(leaves.first(left)), MerkleRoot(leaves.subspan(left)));
}

}  // namespace reel::format
