// StretchReader: the units of one stretch, from its pieces on disk or from memory.
//
// Thread rule: one thread at a time. Ownership: the footage outlives it.
// What is in memory is copied, so that a slow reader never holds the recorder's buffers. A segment
// is held while a call reads from it, so that a reader that waits never keeps it from being
// recycled; what is not read by then is missing.
// Bounds: memory is that of ChunkReader, one unit, and one chunk copied from memory.
#pragma once

#include "engine/store/chunk_reader.h"
#include "engine/store/stretch.h"

namespace reel {

class StretchReader {
 public:
  enum class Extent : uint8_t {
    kWhole,      // as few device reads as possible
    kLeadFirst,  // the first unit by a device read of its own, so that it shows soonest
    kLead,       // the first unit alone
  };
  struct Step {
    enum class Kind : uint8_t {
      kUnit,
      kDamage,   // `lost` cannot be verified
      kMissing,  // `lost` is out of reach for `cause`
      kEnd,
    };
    Kind kind = Kind::kEnd;
    Unit unit;
    bool gop_begin = false;
    bool durable = true;
    std::array<uint8_t, 16> config_hash{};  // of the tracks in force
    ByteSpan config;  // encoded tracks, where the chunk carries them; valid until the next call
    Damage lost;
    GapCause cause = GapCause::kUnknown;
    WallRange stretch_time;
  };

  StretchReader(Footage& footage, StreamId stream)
      : footage_(footage), stream_(stream), reader_(footage.read_buffers()) {}

  // Units from `from` on, of chunks that begin before `until`. A stretch that has left memory
  // meanwhile is read from disk. Errors: the index's.
  Status Open(const Stretch& stretch, UnitNumber from, WallTime until, Extent extent);
  bool is_open() const { return is_open_; }
  const Stretch& stretch() const { return stretch_; }

  // kEnd closes it. Damage is reported to the footage too.
  Step Next();

 private:
  Step ReadOn();
  Status Resolve();
  void CopyLive(const LiveChunk& chunk);
  bool NextPiece(Step* step);
  bool NextChunk(Step* step);
  bool NextUnit(Step* step);
  void Fill(const format::UnitEntry& entry, WallTime chunk_begin, ByteSpan bytes, Step* step);
  void DamagedUnits(const Status& why, Step* step);
  void Report(const Damage& damage, Step* step);
  void Miss(UnitNumber end, GapCause cause, Step* step);
  bool MissPiece(const Status& why, Step* step);
  void Close();
  void EnterChunk(UnitNumber first_unit, size_t unit_count);

  // Where reading a piece ended, so that one that has grown meanwhile is not read from its
  // beginning.
  struct Left {
    Piece piece;
    ChunkReader::Mark mark;
  };

  Footage& footage_;
  const StreamId stream_;
  bool is_open_ = false;
  Stretch stretch_;
  WallTime until_;
  Extent extent_ = Extent::kWhole;
  UnitNumber next_unit_;

  ChunkReader reader_;
  size_t piece_ = 0;
  bool in_piece_ = false;
  std::optional<Left> left_;

  // The chunk being read: of reader_, or a copy from memory.
  std::optional<LiveChunk> live_;
  Bytes live_payload_;           // from the first unit asked for on
  size_t live_begin_bytes_ = 0;  // of unit index_ in it
  std::array<uint8_t, 16> live_hash_{};
  bool in_chunk_ = false;
  size_t index_ = 0;
};

}  // namespace reel
