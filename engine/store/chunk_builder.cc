#include "engine/store/chunk_builder.h"

#include <algorithm>
#include <limits>

#include "engine/base/check.h"
#include "engine/base/digest.h"

namespace reel {
namespace {

uint32_t ConfigBytes(const ChunkSpec& spec) {
  return spec.carries_config ? static_cast<uint32_t>(spec.tracks->size()) : 0;
}

// Payload begins at a multiple of 32 so that copies into it are aligned.
uint32_t PayloadBegin(const ChunkSpec& spec) {
  return static_cast<uint32_t>(RoundUp(format::HeadBytes(spec.unit_room, ConfigBytes(spec)), 32));
}

int64_t DeltaUs(WallTime wall, WallTime begin) { return (wall - begin).count() / 1000; }

}  // namespace

uint64_t ChunkBuilder::BufferBytes(const ChunkSpec& spec, uint64_t payload_bytes) {
  return RoundUp(PayloadBegin(spec) + payload_bytes, format::kChunkAlignBytes);
}

ChunkBuilder::ChunkBuilder(const ChunkSpec& spec, Buffer buffer)
    : spec_(spec),
      buffer_(std::move(buffer)),
      payload_begin_bytes_(PayloadBegin(spec)),
      wall_end_(spec.wall_begin) {
  units_.reserve(spec.unit_room);
}

bool ChunkBuilder::Fits(const UnitView& unit, WallTime wall) const {
  const int64_t delta_us = DeltaUs(wall, spec_.wall_begin);
  return units_.size() < spec_.unit_room && delta_us >= 0 &&
         delta_us <= std::numeric_limits<int32_t>::max() &&
         payload_begin_bytes_ + uint64_t{payload_bytes_} + unit.bytes.size() <=
             std::min<uint64_t>(spec_.chunk_bytes_max, buffer_.size_bytes());
}

void ChunkBuilder::Add(const UnitView& unit, WallTime wall) {
  REEL_CHECK(Fits(unit, wall), "the caller asked Fits");
  std::byte* to = buffer_.data() + payload_begin_bytes_ + payload_bytes_;
  std::memcpy(to, unit.bytes.data(), unit.bytes.size());
  format::UnitEntry entry;
  entry.track = unit.track;
  entry.flags = unit.flags;
  entry.size_bytes = static_cast<uint32_t>(unit.bytes.size());
  entry.crc32c = Crc32c({to, unit.bytes.size()});
  entry.wall_delta_us = static_cast<int32_t>(DeltaUs(wall, spec_.wall_begin));
  entry.pts = unit.pts;
  entry.dts = unit.dts;
  units_.push_back(entry);
  payload_bytes_ += entry.size_bytes;
  wall_end_ = wall;
}

uint32_t ChunkBuilder::stored_bytes() const {
  return static_cast<uint32_t>(
      RoundUp(payload_begin_bytes_ + payload_bytes_, format::kChunkAlignBytes));
}

format::ChunkRow ChunkBuilder::row() const {
  format::ChunkRow row;
  row.stream = spec_.stream;
  row.run = spec_.run;
  row.first_unit = spec_.first_unit;
  row.unit_count = static_cast<uint32_t>(units_.size());
  row.wall_begin = spec_.wall_begin;
  row.wall_end = wall_end_;
  row.flags =
      static_cast<uint16_t>(spec_.flags | (spec_.carries_config ? format::kContentConfig : 0));
  row.lead_bytes = payload_begin_bytes_ + (units_.empty() ? 0 : units_.front().size_bytes);
  return row;
}

StreamChunkPtr ChunkBuilder::Finish(uint32_t extent_hint_bytes) {
  REEL_CHECK(!units_.empty(), "a chunk holds at least one unit");
  auto chunk = std::make_shared<StreamChunk>();
  chunk->row = row();
  chunk->retention_class = spec_.retention_class;
  chunk->extent_hint_bytes = extent_hint_bytes;
  chunk->head_bytes = format::HeadBytes(chunk->row.unit_count, ConfigBytes(spec_));
  chunk->content_bytes = payload_begin_bytes_ - format::kContentOffset + payload_bytes_;
  chunk->payload_begin_bytes = payload_begin_bytes_;
  chunk->payload_bytes = payload_bytes_;
  chunk->accepted = spec_.mono_begin;
  chunk->tracks = spec_.tracks;

  format::ContentHead content;
  content.stream = spec_.stream;
  content.run = spec_.run;
  content.first_unit = spec_.first_unit;
  content.wall_begin = spec_.wall_begin;
  content.wall_end = wall_end_;
  content.mono_begin = spec_.mono_begin;
  content.boot_id = spec_.boot_id;
  content.wall_uncertainty_us = spec_.wall_uncertainty_us;
  content.unit_count = static_cast<uint16_t>(chunk->row.unit_count);
  content.flags = chunk->row.flags;
  content.config_bytes = ConfigBytes(spec_);
  content.payload_offset_bytes = payload_begin_bytes_ - format::kContentOffset;
  content.payload_bytes = payload_bytes_;
  content.config_hash = spec_.config_hash;

  std::byte* bytes = buffer_.data();
  format::Store(content, bytes + format::kContentOffset);
  std::memcpy(bytes + format::kTableOffset, units_.data(),
              units_.size() * sizeof(format::UnitEntry));
  if (spec_.carries_config) {
    std::memcpy(bytes + chunk->head_bytes - spec_.tracks->size(), spec_.tracks->data(),
                spec_.tracks->size());
  }
  std::fill(bytes + chunk->head_bytes, bytes + payload_begin_bytes_, std::byte{0});
  chunk->units = std::move(units_);
  chunk->buffer = std::move(buffer_);
  return chunk;
}

}  // namespace reel
