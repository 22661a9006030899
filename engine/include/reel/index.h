// Index: everything Reel derives from its segments to answer in a blink: keyframes, runs, gaps,
// coverage, streams and the catalogue of segments. It is a cache of the files: it never names bytes
// that are not durable, may be deleted at any time, and is rebuilt from the segments.
//
// Real form: RocksDB (index/). Simulated form: MemoryIndex (engine/testing). One contract suite.
// Thread rule: reads from any thread at once; writes from one thread at a time, beside reads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reel/status.h"
#include "reel/time.h"
#include "reel/types.h"
#include "reel/visibility.h"

namespace reel {

// Number of a volume within its node: given when it is added, never reused (node state file).
using VolumeNo = Tagged<struct VolumeNoTag, uint16_t>;

// Bytes of one segment that hold whole chunks of one run, one behind another in the file and in
// unit number.
struct Piece {
  VolumeNo volume;
  SegmentSerial serial;
  uint64_t offset_bytes = 0;
  uint32_t length_bytes = 0;
  UnitNumber first_unit;
  uint32_t unit_count = 0;
  auto operator<=>(const Piece&) const = default;

  UnitNumber end_unit() const { return {first_unit.value + unit_count}; }  // one past the last
};

enum GopFlag : uint8_t {
  kGopClean = 1,  // starts at a clean point; otherwise it continues what stands before it
  kGopOpen = 2,   // leading pictures after the clean point need the GOP before
  kGopIntraRefresh = 4,
};

// One GOP, or a part of one that could not be joined to its beginning. Its key is
// (stream, begin, run, first_unit).
struct GopRow {
  StreamId stream;
  RunId run;
  WallTime begin;  // of its first unit
  WallTime end;    // of its last unit: the range is closed, a one-unit GOP has end == begin
  UnitNumber first_unit;
  uint8_t flags = 0;  // GopFlag
  // From the first piece's offset: holds the chunk header and the first unit. 0: not known.
  uint32_t lead_bytes = 0;
  // By unit number, of those with one first unit the longest first; at most kMaxPieces. They
  // overlap where units were sent and stored again: a copy lives on when another's segment goes.
  std::vector<Piece> pieces;
  bool operator==(const GopRow&) const = default;

  UnitNumber end_unit() const {  // one past the last
    UnitNumber after = first_unit;
    for (const Piece& piece : pieces) after = std::max(after, piece.end_unit());
    return after;
  }
};
inline constexpr size_t kMaxPieces = 1024;

enum class EndCause : uint8_t {
  kOpen = 0,   // still being recorded, or ended without a word (crash)
  kEnded = 1,  // the producer ended it
  kSourceLost = 2,
  kTimeBreak = 3,
  kShutdown = 4,  // orderly stop of the recorder
};

struct RunRow {
  StreamId stream;
  RunId run;
  WallTime begin;
  WallTime end;  // wall of the last unit known
  EndCause cause = EndCause::kOpen;
  bool operator==(const RunRow&) const = default;
};

enum class GapCause : uint8_t {
  kUnknown = 0,
  kNotRecorded = 1,  // nobody asked for it
  kSourceLost = 2,   // camera or link
  kOverload = 3,     // shed: memory bound reached
  kDiskError = 4,
  kDiskFull = 5,
  kRecorderDown = 6,  // the recorder was not running
  kExpired = 7,       // recycled or expired
  kVolumeOffline = 8,
  kDamaged = 9,         // was recorded, cannot be verified any more
  kLoginRefused = 10,   // the camera took neither name nor password
  kSourceStalled = 11,  // connected, but nothing came
  kPacketsLost = 12,    // the link lost part of what the camera sent
  kOffSchedule = 13,    // its schedule or mode did not ask for it then
};
REEL_API std::string_view GapCauseName(GapCause cause);  // as in the API: "source-lost"

struct GapRow {
  StreamId stream;
  WallTime begin;
  WallTime end;
  GapCause cause = GapCause::kUnknown;
  uint64_t units_lost = 0;  // 0 if not known
  bool operator==(const GapRow&) const = default;
};

struct StreamRow {
  StreamId stream;
  std::string name;  // 1..255 bytes UTF-8 without control characters
  ClassId retention_class;
  WallTime created;
  bool operator==(const StreamRow&) const = default;
};

enum class SegmentState : uint8_t { kFree = 0, kOpen = 1, kSealed = 2, kRetired = 3, kDamaged = 4 };

struct SegmentRow {
  VolumeNo volume;
  SegmentSerial serial;  // key with volume
  SegmentUid uid;
  uint32_t file_number = 0;  // segment file it stands in
  SegmentState state = SegmentState::kFree;
  ClassId retention_class;
  Epoch epoch;
  WallTime begin;  // of its oldest and newest unit; begin > end when it has none
  WallTime end;
  uint32_t chunk_count = 0;
  uint64_t payload_bytes = 0;
  bool operator==(const SegmentRow&) const = default;
};

// How far a volume's segments are in the index.
struct VolumeProgress {
  VolumeNo volume;
  VolumeId id;
  Epoch epoch;  // the volume's epoch when this was written
  bool operator==(const VolumeProgress&) const = default;
};

// Written together or not at all. Rows with the key of an existing one replace it.
//
// Dead segments: kRetired and kFree make every piece in that segment unreadable at once, and are
// final for its serial: a batch that would bring one back is FailedPrecondition. A dead segment's
// row leaves the catalogue when a newer serial takes its file; the serial stays dead. A serial that
// was never catalogued counts as live.
struct IndexBatch {
  std::vector<GopRow> gops;
  std::vector<RunRow> runs;        // key (stream, begin, run)
  std::vector<GapRow> gaps;        // key (stream, begin, cause)
  std::vector<StreamRow> streams;  // key stream
  // Key (volume, serial). kRetired makes every row that stands only in that segment unreadable.
  std::vector<SegmentRow> segments;
  std::vector<VolumeProgress> volumes;

  bool empty() const {
    return gops.empty() && runs.empty() && gaps.empty() && streams.empty() && segments.empty() &&
           volumes.empty();
  }
};

// What a batch must obey, else Write refuses it whole with InvalidArgument: a GOP has 1..kMaxPieces
// pieces, no row ends before it begins, a stream's name has 1..255 bytes, no serial is 2^64-1.
REEL_API Status CheckIndexBatch(const IndexBatch& batch);

// Totals of one stream in one bucket of time, over the GOPs as Gops() returns them. Overlapping
// runs are added up.
struct CoverageRow {
  WallTime begin;       // of the bucket
  Duration covered{0};  // see below; split exactly at the bucket's edges
  uint64_t bytes = 0;   // of the pieces of GOPs that begin in the bucket
  uint32_t gops = 0;    // that begin in the bucket
  bool operator==(const CoverageRow&) const = default;
};
// A GOP covers from its begin to the begin of the next one of its run if that continues it (its
// first_unit is this one's end_unit(), it begins at most kJoinMax later), else to its own end; at
// most kCoverMax in all.
inline constexpr Duration kJoinMax = std::chrono::minutes{1};
inline constexpr Duration kCoverMax = std::chrono::hours{1};
enum class Bucket : uint8_t { kHour, kDay };  // of UTC

enum class Direction : uint8_t { kForward, kBackward };

class Index {
 public:
  virtual ~Index() = default;

  // Applied on return, in memory and in the log; durable after Sync or a second later at the
  // latest.
  virtual Status Write(const IndexBatch& batch) = 0;
  virtual Status Sync() = 0;

  // GOPs of a stream in order of (begin, run, first_unit), at most `limit` (bounded by 4096):
  //   kForward   the first ones with begin >= from
  //   kBackward  the last ones with begin <= from, latest first
  // Pieces in dead segments are left out and a GOP with no piece left is skipped. One that lost its
  // first piece has lead_bytes 0 and is clean no longer, unless another holds its first unit too
  // (begin, end and first_unit stay).
  virtual Result<std::vector<GopRow>> Gops(StreamId stream, WallTime from, Direction direction,
                                           size_t limit) = 0;

  // Runs and gaps that touch the range, ascending by key, at most the first `limit`. A run is
  // closed (touches when end >= range.begin), a gap half-open unless begin == end.
  virtual Result<std::vector<RunRow>> Runs(StreamId stream, WallRange range, size_t limit) = 0;
  virtual Result<std::vector<GapRow>> Gaps(StreamId stream, WallRange range, size_t limit) = 0;

  // Buckets that overlap the range and hold anything, ascending and whole; the cost follows the
  // number of buckets.
  virtual Result<std::vector<CoverageRow>> Coverage(StreamId stream, WallRange range,
                                                    Bucket bucket) = 0;

  virtual Result<std::vector<StreamRow>> Streams() = 0;
  virtual Result<std::vector<SegmentRow>> Segments(VolumeNo volume) = 0;  // by serial
  virtual Result<std::optional<VolumeProgress>> Progress(VolumeNo volume) = 0;
};

}  // namespace reel
