// ChunkBuilder: lays units straight into the buffer that will be written, so each byte is copied
// once on its way to the disk, and checksums it in the same pass.
//
//   | place, content head | unit table (room for `unit_room`) | config | payload ...
//
// Thread rule: under the lock of the run it belongs to.
#pragma once

#include <optional>
#include <vector>

#include "engine/volume/pending_chunk.h"
#include "reel/unit.h"

namespace reel {

class RunBuffer;

// A pending chunk that knows whose it is.
struct StreamChunk : PendingChunk {
  std::shared_ptr<RunBuffer> run_buffer;
  std::vector<format::UnitEntry> units;
  std::shared_ptr<const Bytes> tracks;  // encoded, in force for these units
  uint32_t payload_begin_bytes = 0;     // from the chunk's first byte
  uint32_t payload_bytes = 0;
  MonoTime accepted;  // the first of its units
  // Under the run's lock:
  bool claimed = false;  // durable somewhere, and being reported
  bool durable = false;
};
using StreamChunkPtr = std::shared_ptr<StreamChunk>;

struct ChunkSpec {
  StreamId stream;
  RunId run;
  UnitNumber first_unit;
  ClassId retention_class;
  WallTime wall_begin;
  MonoTime mono_begin;
  BootId boot_id;
  uint32_t wall_uncertainty_us = 0;
  uint16_t flags = 0;  // format::ContentFlag without kContentConfig
  bool carries_config = false;
  std::shared_ptr<const Bytes> tracks;
  std::array<uint8_t, 16> config_hash{};
  uint32_t unit_room = 0;        // units the table has room for
  uint64_t chunk_bytes_max = 0;  // whatever room its buffer has
};

class ChunkBuilder {
 public:
  // Buffer bytes that a chunk of this spec with `payload_bytes` of units takes, padding included.
  static uint64_t BufferBytes(const ChunkSpec& spec, uint64_t payload_bytes);

  ChunkBuilder(const ChunkSpec& spec, Buffer buffer);

  bool Fits(const UnitView& unit, WallTime wall) const;
  // Fits() holds. `wall` is the unit's time as the run keeps it.
  void Add(const UnitView& unit, WallTime wall);

  UnitNumber next_unit() const { return {spec_.first_unit.value + units_.size()}; }
  size_t unit_count() const { return units_.size(); }
  uint64_t buffer_bytes() const { return buffer_.size_bytes(); }
  uint32_t stored_bytes() const;  // as a chunk on the disk, were it finished now
  const ChunkSpec& spec() const { return spec_; }
  WallTime wall_end() const { return wall_end_; }
  const std::vector<format::UnitEntry>& units() const { return units_; }
  ByteSpan payload() const { return {buffer_.data() + payload_begin_bytes_, payload_bytes_}; }
  format::ChunkRow row() const;

  // Content is frozen. The builder is empty afterwards.
  StreamChunkPtr Finish(uint32_t extent_hint_bytes);

 private:
  ChunkSpec spec_;
  Buffer buffer_;
  uint32_t payload_begin_bytes_;
  uint32_t payload_bytes_ = 0;
  WallTime wall_end_;
  std::vector<format::UnitEntry> units_;
};

}  // namespace reel
