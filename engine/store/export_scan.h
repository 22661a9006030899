// ExportScan: which units a range of a stream consists of, from the index and the chunks' heads; no
// unit is read but where that alone tells (see below).
//
// It reads rows as a forward cursor does: from the clean point that shows the range's begin, GOPs
// in order of their beginning, a unit once. What is in memory alone is not taken.
// Units are read for three things: parameter sets that stand in a clean point's unit alone; whether
// AAC has ADTS headers (once per run and track); everything, with DamagePolicy::kLeaveOut.
// Thread rule: one thread at a time. Bounds: Mp4Layout::kMaxSamples units, kMaxConfigs.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "engine/store/chunk_reader.h"
#include "engine/store/narrator.h"
#include "reel/export.h"

namespace reel {

// The tracks in force for some units.
struct ExportConfig {
  std::vector<TrackInfo> tracks;
  bool sets_in_band = false;  // parameter sets found in units alone

  const TrackInfo* Find(TrackId id) const;
};

struct ScannedChunk {
  ExportChunk chunk;
  uint32_t header_crc32c = 0;
  uint32_t uncertainty_us = 0;
};

struct ScannedUnit {
  int64_t pts = 0;
  int64_t dts = 0;
  WallTime wall;
  uint32_t size_bytes = 0;
  uint32_t crc32c = 0;
  uint32_t chunk = 0;  // in ExportScan::chunks
  uint16_t index = 0;  // in the chunk
  uint16_t config = 0;
  TrackId track;
  uint8_t flags = 0;
  uint8_t skip_bytes = 0;   // of an ADTS header
  bool run_begins = false;  // the first of its track in a run
};

// What goes into one file.
struct ExportStretch {
  std::vector<ScannedUnit> units;
  std::vector<RunId> runs;
  std::vector<GapRow> gaps;
  std::vector<std::string> damage;
  std::vector<std::string> notes;
};

class ExportScan {
 public:
  static constexpr size_t kMaxConfigs = 4096;

  ExportScan(Footage& footage, StreamId stream, const ExportOptions& options)
      : footage_(footage),
        stream_(stream),
        options_(options),
        narrator_(footage, stream, false),
        reader_(footage.read_buffers()),
        ahead_(footage) {}

  // NotFound: there is no footage in the range. DataLoss: a head does not verify (kRefuse).
  // FailedPrecondition: a track changes its codec or clock, and not `split`. Once.
  Status Run();

  const std::vector<ScannedChunk>& chunks() const { return chunks_; }
  const std::vector<ExportConfig>& configs() const { return configs_; }
  std::vector<ExportStretch>& stretches() { return stretches_; }  // none is empty

 private:
  Status FindStart();
  void ExpectHeads(const std::vector<GopRow>& rows);
  Status ScanRow(const Stretch& row);
  Status ScanPiece(const Stretch& row, const Piece& piece);
  Status ScanChunk(const Stretch& row);
  Status Missing(const Stretch& row, UnitNumber end, GapCause cause);
  Status Damaged(const Stretch& row, const Damage& damage);
  Status Tell(RunId run, StretchReader::Step step);
  Status Take(const Item& item);
  Status TakeTracks(const std::vector<TrackInfo>& tracks);
  Status TakeUnit(const Item& item);
  Status FindSets(TrackId track);
  Result<uint8_t> AdtsBytes(TrackId track);
  Status UseConfig(ExportConfig config);
  bool EndsExtraGop(WallTime clean);
  void NextStretch();
  Status Nothing() const;

  Footage& footage_;
  const StreamId stream_;
  const ExportOptions options_;
  Narrator narrator_;
  ChunkReader reader_;
  HeadAhead ahead_;

  WallTime start_;
  WallTime limit_;             // units at or behind it are not wanted
  uint32_t clean_behind_ = 0;  // clean points at or behind the range's end
  std::map<RunId, UnitNumber> next_unit_;
  UnitNumber at_;     // the next unit of the row being read
  size_t index_ = 0;  // of the unit being told, in its chunk
  std::optional<uint32_t>
      chunk_;    // in chunks_: of the chunk being read, once a unit of it is taken
  Piece piece_;  // being read

  std::vector<ScannedChunk> chunks_;
  std::vector<ExportConfig> configs_;
  std::optional<uint16_t> config_;         // in force; none where it is not known
  std::set<TrackId> begun_;                // tracks that have had a unit in this run
  std::map<TrackId, uint8_t> adts_bytes_;  // of the tracks of this run that were looked at
  std::map<TrackId, TrackInfo> tracks_;    // of the present stretch, as first seen
  size_t unit_count_ = 0;
  size_t units_unknown_ = 0;  // of tracks that are not known
  std::vector<ExportStretch> stretches_;
};

}  // namespace reel
