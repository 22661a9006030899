#include "tests/segment/chunk_maker.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/digest.h"
#include "engine/segment/geometry.h"

namespace reel::made {
namespace {

template <class Id>
Id IdOf(uint8_t n, uint8_t kind) {
  Id id;
  id.bytes.fill(n);
  id.bytes[0] = kind;
  return id;
}

}  // namespace

StreamId StreamNo(uint8_t n) { return IdOf<StreamId>(n, 0xA0); }
RunId RunNo(uint8_t n) { return IdOf<RunId>(n, 0xB0); }

format::SegmentHeader Life(uint64_t segment_bytes, uint32_t granule_bytes, uint8_t uid) {
  format::SegmentHeader header;
  header.state = format::LifeState::kInUse;
  header.generation = 1;
  header.uid = IdOf<SegmentUid>(uid, 0xC0);
  header.serial = {1};
  header.volume = IdOf<VolumeId>(1, 0xD0);
  header.segment_bytes = segment_bytes;
  header.granule_bytes = granule_bytes;
  header.footer_offset_bytes = SegmentGeometry{segment_bytes, granule_bytes}.footer_offset_bytes();
  header.epoch = {1};
  header.retention_class = kDefaultClass;
  return header;
}

MadeContent MakeContent(const ChunkWish& wish, MutableByteSpan chunk) {
  MadeContent made;
  made.head_bytes = format::HeadBytes(1, 0);
  const auto payload_begin = static_cast<uint32_t>(RoundUp(made.head_bytes, 32));
  made.content_bytes = payload_begin - format::kContentOffset + wish.payload_bytes;
  REEL_CHECK(payload_begin + wish.payload_bytes <= chunk.size(), "the chunk fits");
  std::fill(chunk.begin(), chunk.end(), std::byte{0});
  std::byte* payload = chunk.data() + payload_begin;
  for (uint32_t i = 0; i < wish.payload_bytes; ++i)
    payload[i] = static_cast<std::byte>(wish.first_unit.value * 31 + i);

  format::ContentHead content;
  content.stream = StreamNo(1);
  content.run = wish.run;
  content.first_unit = wish.first_unit;
  content.wall_begin = {static_cast<int64_t>(wish.first_unit.value) * 1'000'000};
  content.wall_end = content.wall_begin;
  content.unit_count = 1;
  content.flags = wish.clean ? format::kContentClean : 0;
  content.payload_offset_bytes = payload_begin - format::kContentOffset;
  content.payload_bytes = wish.payload_bytes;
  format::Store(content, chunk.data() + format::kContentOffset);
  format::UnitEntry unit;
  unit.track = {1};
  unit.size_bytes = wish.payload_bytes;
  unit.crc32c = Crc32c({payload, wish.payload_bytes});
  format::Store(unit, chunk.data() + format::kTableOffset);

  made.row.stream = content.stream;
  made.row.run = content.run;
  made.row.first_unit = content.first_unit;
  made.row.unit_count = 1;
  made.row.wall_begin = content.wall_begin;
  made.row.wall_end = content.wall_end;
  made.row.flags = content.flags;
  made.row.lead_bytes = payload_begin + wish.payload_bytes;
  return made;
}

MadeChunk MakeChunk(const format::SegmentHeader& header, const PlaceWish& wish,
                    const ChunkWish& content) {
  MadeChunk made;
  made.bytes.resize(RoundUp(512 + content.payload_bytes, 4096));
  const MadeContent inner = MakeContent(content, made.bytes);
  format::ChunkPlace place;
  place.segment_uid = header.uid;
  place.epoch = header.epoch;
  place.seq = {wish.seq};
  place.durable_seq = {wish.durable_seq};
  place.chain = wish.chain;
  place.offset_bytes = wish.offset_bytes;
  place.extent_base_bytes = wish.offset_bytes;
  place.extent_bytes = static_cast<uint32_t>(made.bytes.size());
  place.chunk_bytes = place.extent_bytes;
  place.content_bytes = inner.content_bytes;
  place.head_bytes = inner.head_bytes;
  place.retention_class = header.retention_class;
  format::Store(place, made.bytes.data());
  made.header_crc32c = format::SealHead(made.bytes.data(), inner.head_bytes, header.uid);
  made.row = inner.row;
  made.row.seq = place.seq;
  made.row.offset_bytes = place.offset_bytes;
  made.row.chunk_bytes = place.chunk_bytes;
  return made;
}

ChunkPtr MakePending(BufferPool& pool, const ChunkWish& wish, ClassId retention_class,
                     uint32_t extent_hint_bytes) {
  std::optional<Buffer> buffer = pool.Take(RoundUp(512 + wish.payload_bytes, 4096));
  REEL_CHECK(buffer.has_value(), "the pool has room");
  auto chunk = std::make_shared<PendingChunk>();
  const MadeContent made = MakeContent(wish, buffer->span());
  chunk->buffer = std::move(*buffer);
  chunk->head_bytes = made.head_bytes;
  chunk->content_bytes = made.content_bytes;
  chunk->row = made.row;
  chunk->retention_class = retention_class;
  chunk->extent_hint_bytes = extent_hint_bytes;
  return chunk;
}

}  // namespace reel::made
