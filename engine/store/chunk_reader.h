// ChunkReader: the chunks of one piece, verified, one behind another. Nothing leaves here that does
// not match its checksum or belongs to another stream, run or life of the segment.
//
// Damage does not end the reading: the next chunk of the run that stands whole in the piece is
// found by probing every block, and the units that cannot be had are named.
//
// Thread rule: one thread at a time. Ownership: holds the lease, so the segment stays while it
// reads; who may be long in coming back lets it go meanwhile (Pause).
// Device reads: the first takes `first_read_bytes` (kReadAheadBytes: a piece up to that size is one
// read; GopRow::lead_bytes: the first picture is one read), the others kReadAheadBytes.
// format::kBlockBytes: heads alone are read, and of units what is asked for.
// Bounds: memory is the window, kReadAheadBytes or one chunk (at most format::kMaxChunkBytes); at
// most kMaxFailedReads failed device reads in a piece, then what is left of it counts as damaged.
#pragma once

#include "engine/format/chunk.h"
#include "engine/segment/file_window.h"
#include "engine/store/head_ahead.h"
#include "engine/volume/segment_pool.h"
#include "reel/index.h"

namespace reel {

inline constexpr uint32_t kReadAheadBytes = 4U << 20;

// Units [first_unit, end_unit) that were recorded and cannot be had. `status` names stream, run,
// units, time, volume and segment: DataLoss, or what the device said.
struct Damage {
  Status status;
  UnitNumber first_unit;
  UnitNumber end_unit;
};

class ChunkReader {
 public:
  // What the index says: where to read and what must stand there.
  struct Target {
    StreamId stream;
    RunId run;
    Piece piece;
    WallRange time;  // of the row the piece belongs to, to name damage by
  };
  // A chunk inside the piece to begin at, known from reading it before.
  struct Mark {
    uint64_t offset_bytes = 0;
    UnitNumber unit;  // its first
  };
  enum class Step : uint8_t { kChunk, kDamage, kEnd };
  static constexpr int kMaxFailedReads = 16;

  explicit ChunkReader(BufferPool* buffers = nullptr) : window_(buffers) {}

  // `known`: first blocks of chunks of the piece, as the device gave them; looked at before it is
  // asked.
  void Open(SegmentLease lease, const Target& target, uint32_t first_read_bytes = kReadAheadBytes,
            HeadBlocks known = {});
  void SkipTo(const Mark& mark);
  // Lets the segment go.
  void Close() { lease_ = SegmentLease(); }
  // Lets it go until Resume. What has been read stays.
  void Pause() { lease_.LetGo(); }
  // REQUIRES: a lease on the segment that it was opened with.
  void Resume(SegmentLease lease);
  // Next and UnitBytes may be called: it holds the segment, or all that they would read there.
  bool is_ready() const;

  // kChunk: head() is the next chunk's. kDamage: damage() says what lies before it.
  Step Next();
  const format::ChunkHead& head() const { return head_; }
  const Damage& damage() const { return damage_; }

  // Bytes of unit `index` of this chunk, verified; valid until the next call. An error is for
  // DamageOf. REQUIRES: index < head().units.size().
  Result<ByteSpan> UnitBytes(size_t index);
  // Units [first, end) of this chunk, by index, as damage.
  Damage DamageOf(size_t first, size_t end, const Status& why) const;

  // Where the chunk after this one begins.
  Mark mark() const { return {at_bytes_, next_unit_}; }
  const Piece& piece() const { return target_.piece; }

 private:
  UnitNumber end_unit() const;
  uint64_t end_bytes() const;
  bool InsideSegment() const;
  Result<ByteSpan> Bytes(uint64_t offset_bytes, uint64_t size_bytes);
  Result<ByteSpan> BlockAt(uint64_t offset_bytes);
  Result<format::ChunkHead> HeadAt(uint64_t offset_bytes);
  Status CheckBelongs(const format::ChunkHead& head) const;
  Step Accept();
  Step Lost(UnitNumber end, WallTime until, const Status& why);
  Damage Describe(UnitNumber first, UnitNumber end, const WallRange& time, const Status& why) const;

  SegmentLease lease_;
  Target target_;
  HeadBlocks known_;
  FileWindow window_;
  uint32_t further_read_bytes_ = kReadAheadBytes;
  format::ChunkHead head_;
  Damage damage_;
  uint64_t chunk_begin_bytes_ = 0;  // of the chunk of head_
  uint64_t at_bytes_ = 0;           // where the next one is looked for
  UnitNumber next_unit_;            // units before it have been given or named as damage
  WallTime last_wall_;
  bool found_behind_damage_ = false;  // head_ is the next chunk, and damage has been told
  int failed_reads_ = 0;
};

}  // namespace reel
