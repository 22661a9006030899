#include "engine/format/footer.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/digest.h"

namespace reel::format {
namespace {

constexpr int64_t kMaxBlocks = kMaxSegmentBytes / kBlockBytes;
// A row without its UUIDs is ten varints.
constexpr uint64_t kRowBytesMin = 10;

// Differences and their sums wrap: hostile bytes may hold any pair, and what comes of it is
// checked.
int64_t Difference(uint64_t a, uint64_t b) { return static_cast<int64_t>(a - b); }
uint64_t Advance(uint64_t a, int64_t by) { return a + static_cast<uint64_t>(by); }
int64_t Difference(WallTime a, WallTime b) {
  return Difference(static_cast<uint64_t>(a.ns), static_cast<uint64_t>(b.ns));
}
WallTime Advance(WallTime t, int64_t by) {
  return {static_cast<int64_t>(Advance(static_cast<uint64_t>(t.ns), by))};
}

bool IsSane(const ChunkRow& row) {
  return row.seq.value >= 1 && row.seq.value <= kMaxChunksPerSegment &&
         row.offset_bytes % kBlockBytes == 0 && row.offset_bytes < kMaxSegmentBytes &&
         row.chunk_bytes % kBlockBytes == 0 && row.chunk_bytes != 0 &&
         row.chunk_bytes <= kMaxChunkBytes && row.lead_bytes >= kTableOffset &&
         row.lead_bytes <= row.chunk_bytes && row.unit_count >= 1 &&
         row.unit_count <= kMaxChunkUnits &&
         row.first_unit.value <= std::numeric_limits<uint64_t>::max() - row.unit_count;
}

std::array<uint8_t, 32> HashLeaf(const ContentId& leaf) {
  std::array<std::byte, 33> input{std::byte{0}};
  std::memcpy(input.data() + 1, leaf.bytes.data(), leaf.bytes.size());
  return Sha256(input);
}

std::array<uint8_t, 32> HashPair(const std::array<uint8_t, 32>& left,
                                 const std::array<uint8_t, 32>& right) {
  std::array<std::byte, 65> input{std::byte{1}};
  std::memcpy(input.data() + 1, left.data(), left.size());
  std::memcpy(input.data() + 33, right.data(), right.size());
  return Sha256(input);
}

// Reads rows against the same forecasts the encoder used.
class RowDecoder {
 public:
  explicit RowDecoder(ByteSpan bytes) : reader_(bytes) {}

  // False: no sane row begins here.
  bool Next(ChunkRow* row) {
    const uint64_t number = reader_.GetVarint();
    if (!reader_.ok() || number > runs_.size()) return false;
    const bool first = number == runs_.size();
    if (first) {
      const auto stream = reader_.GetUuid<StreamId>();
      runs_.push_back({stream, reader_.GetUuid<RunId>(), {}});
    }
    Run& run = runs_[number];
    row->stream = run.stream;
    row->run = run.run;
    row->seq = {Get32(last_seq_.value)};
    const int64_t blocks_on = reader_.GetSignedVarint();
    in_range_ = in_range_ && blocks_on > -kMaxBlocks && blocks_on < kMaxBlocks;
    row->offset_bytes = last_end_bytes_ + static_cast<uint64_t>(blocks_on) * kBlockBytes;
    const uint64_t blocks = reader_.GetVarint();
    row->chunk_bytes =
        blocks <= kMaxChunkBytes / kBlockBytes ? static_cast<uint32_t>(blocks * kBlockBytes) : 0;
    row->lead_bytes = Get32(0);
    row->first_unit = {Advance(run.forecast.next_unit.value, reader_.GetSignedVarint())};
    row->unit_count = Get32(0);
    row->wall_begin = Advance(run.forecast.next_begin(), reader_.GetSignedVarint());
    row->wall_end =
        Advance(Advance(row->wall_begin, run.forecast.length_ns), reader_.GetSignedVarint());
    const uint32_t flags = Get32(0);
    row->flags = static_cast<uint16_t>(flags);
    if (!in_range_ || !reader_.ok() || flags > 0xFFFF || row->seq <= last_seq_ || !IsSane(*row)) {
      return false;
    }
    run.forecast.Observe(*row, first);
    last_seq_ = row->seq;
    last_end_bytes_ = row->offset_bytes + row->chunk_bytes;
    return true;
  }

  bool at_end() const { return reader_.at_end(); }

 private:
  struct Run {
    StreamId stream;
    RunId run;
    RunForecast forecast;
  };

  // A value of 32 bits, stored as what it adds to `base`.
  uint32_t Get32(uint32_t base) {
    const uint64_t more = reader_.GetVarint();
    in_range_ = in_range_ && more <= std::numeric_limits<uint32_t>::max() - base;
    return static_cast<uint32_t>(base + more);
  }

  ByteReader reader_;
  bool in_range_ = true;
  std::vector<Run> runs_;
  ChunkSeq last_seq_;
  uint64_t last_end_bytes_ = 0;
};

// What the head says of the rows and content ids is what they say.
bool HeadAgrees(const Footer& footer) {
  FooterHead sum;
  sum.begin = kWallMax;
  sum.end = kWallMin;
  for (const ChunkRow& row : footer.rows) {
    sum.highest_seq = row.seq;
    sum.begin = std::min(sum.begin, row.wall_begin);
    sum.end = std::max(sum.end, row.wall_end);
    sum.stored_bytes += row.chunk_bytes;
  }
  const FooterHead& head = footer.head;
  return head.highest_seq == sum.highest_seq && head.begin == sum.begin && head.end == sum.end &&
         head.stored_bytes == sum.stored_bytes &&
         head.content_root == MerkleRoot(footer.content_ids);
}

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

WallTime RunForecast::next_begin() const { return Advance(last_end, pause_ns); }

void RunForecast::Observe(const ChunkRow& row, bool first) {
  if (!first) pause_ns = Difference(row.wall_begin, last_end);
  length_ns = Difference(row.wall_end, row.wall_begin);
  last_end = row.wall_end;
  next_unit = row.end_unit();
}

void DirectoryEncoder::Append(const ChunkRow& row) {
  REEL_CHECK(IsSane(row) && row.seq > last_seq_, "a row that could not be read back");
  ByteWriter writer(&rows_);
  const auto [at, first] = runs_.try_emplace({row.stream, row.run});
  RunForecast& forecast = at->second;
  if (first) forecast.number = runs_.size() - 1;
  writer.PutVarint(forecast.number);
  if (first) {
    writer.PutUuid(row.stream);
    writer.PutUuid(row.run);
  }
  writer.PutVarint(row.seq.value - last_seq_.value);
  writer.PutSignedVarint(Difference(row.offset_bytes, last_end_bytes_) / int64_t{kBlockBytes});
  writer.PutVarint(row.chunk_bytes / kBlockBytes);
  writer.PutVarint(row.lead_bytes);
  writer.PutSignedVarint(Difference(row.first_unit.value, forecast.next_unit.value));
  writer.PutVarint(row.unit_count);
  writer.PutSignedVarint(Difference(row.wall_begin, forecast.next_begin()));
  writer.PutSignedVarint(Difference(row.wall_end, Advance(row.wall_begin, forecast.length_ns)));
  writer.PutVarint(row.flags);
  forecast.Observe(row, first);
  ++count_;
  last_seq_ = row.seq;
  last_end_bytes_ = row.offset_bytes + row.chunk_bytes;
  begin_ = std::min(begin_, row.wall_begin);
  end_ = std::max(end_, row.wall_end);
  stored_bytes_ += row.chunk_bytes;
}

Bytes DirectoryEncoder::Encode(FooterHead head, const std::vector<ContentId>& content_ids) const {
  REEL_CHECK(content_ids.size() == count_, "one content id per row");
  Bytes directory = rows_;
  for (const ContentId& id : content_ids)
    ByteWriter(&directory).PutBytes(std::as_bytes(std::span(id.bytes)));
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
      head.directory_bytes < head.chunk_count * (kRowBytesMin + sizeof(ContentId))) {
    return DataLoss("footer head holds impossible values");
  }
  return head;
}

Result<Footer> DecodeFooter(ByteSpan bytes, const SegmentUid& uid) {
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
  RowDecoder rows(directory.first(directory.size() - ids_bytes));
  footer.rows.resize(footer.head.chunk_count);
  for (ChunkRow& row : footer.rows) {
    if (!rows.Next(&row)) return DataLoss("footer directory holds impossible values");
  }
  if (!rows.at_end()) return DataLoss("footer directory has bytes left over");
  footer.content_ids.resize(footer.head.chunk_count);
  if (ids_bytes != 0)
    std::memcpy(footer.content_ids.data(), directory.last(ids_bytes).data(), ids_bytes);
  if (!HeadAgrees(footer)) return DataLoss("footer head and directory disagree");
  return footer;
}

// Level by level from the leaves; an odd node goes up as it is, which makes the tree of RFC 6962.
std::array<uint8_t, 32> MerkleRoot(std::span<const ContentId> leaves) {
  if (leaves.empty()) return Sha256({});
  std::vector<std::array<uint8_t, 32>> level;
  level.reserve(leaves.size());
  for (const ContentId& leaf : leaves) level.push_back(HashLeaf(leaf));
  while (level.size() > 1) {
    const size_t pairs = level.size() / 2;
    for (size_t i = 0; i < pairs; ++i) level[i] = HashPair(level[2 * i], level[2 * i + 1]);
    if (level.size() % 2 == 1) level[pairs] = level.back();
    level.resize((level.size() + 1) / 2);
  }
  return level.front();
}

}  // namespace reel::format
