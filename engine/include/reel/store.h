// Store: a node's footage. Records streams, finds moments, reads them back.
//
// Thread rule: all calls from any thread at once, except that one RunWriter or Cursor is used by
// one thread at a time. With Options::manual nothing runs behind the caller's back: call RunOnce.
// Ownership: streams, writers and cursors must not outlive the Store.
// Durability: a unit is durable when Watermarks::durable, WaitDurable or the callback say so: it
// then survives kill -9, kernel panic and power loss, to the device's flush. CreateStream is
// durable on return.
// Blocking is said of each call; those that say nothing take locks for microseconds at most.
// Nothing here throws, prints or exits. Memory that runs out is ResourceExhausted, and the call may
// be made again, where there is a Status to return; elsewhere, and in the store's own threads, it
// ends the process as a broken invariant does: one line to Options::log, then abort.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reel/clock.h"
#include "reel/counters.h"
#include "reel/disk.h"
#include "reel/export.h"
#include "reel/import_row.h"
#include "reel/index.h"
#include "reel/log.h"
#include "reel/status.h"
#include "reel/time.h"
#include "reel/unit.h"
#include "reel/visibility.h"

namespace reel {

// ---- Writing ----

enum class AppendMode : uint8_t {
  kLive,  // never waits: at the memory bound whole GOPs are shed, counted, and leave a gap record
  kBulk,  // waits for room
};

// How many units of a run, from the first on without a hole, have come how far. Types of their own,
// so that what was written is never taken for durable.
using AcceptedEnd = Tagged<struct AcceptedEndTag, uint64_t>;  // in the bounded buffer
using WrittenEnd = Tagged<struct WrittenEndTag, uint64_t>;    // the device has taken them
using DurableEnd = Tagged<struct DurableEndTag, uint64_t>;    // behind a sync that succeeded
// accepted >= written >= durable, each monotone (docs/INVARIANTS.md, W1).
struct Watermarks {
  AcceptedEnd accepted;
  WrittenEnd written;
  DurableEnd durable;
};

struct RunOptions {
  std::vector<TrackInfo> tracks;
  // Continue a run that was broken off, by a crash or a lost connection: units it already has are
  // acknowledged again without being stored twice.
  std::optional<RunId> resume;
  uint32_t wall_uncertainty_us = 0;
  // Called on a delivery thread (in RunOnce with manual), never on one that writes, in order. Must
  // not call back into the writer nor throw, and should not wait: other callbacks and the index do
  // so meanwhile, recording does not.
  std::function<void(const Watermarks&)> on_durable;
};

// One unbroken ingest of a stream. Destroying it without End is End(kOpen): as if the producer
// vanished.
class RunWriter {
 public:
  virtual ~RunWriter() = default;
  virtual RunId run() const = 0;

  // Takes unit `number` of the run. OK: accepted into the bounded buffer, or already had. Numbers
  // may skip (a hole: the units never came) and may come again (nothing happens). A unit of a
  // number that was skipped or shed is taken late. Blocks with kBulk, at most 30 s.
  // Errors: InvalidArgument (unknown track, empty, over kMaxUnitBytes); ResourceExhausted (kLive:
  // shed; the unit will not be stored); Unavailable (no volume can be written); FailedPrecondition
  // (ended).
  virtual Status Append(UnitNumber number, const UnitView& unit, AppendMode mode) = 0;

  // Tracks or parameter sets from the next unit on.
  virtual Status SetTracks(const std::vector<TrackInfo>& tracks) = 0;

  virtual Watermarks watermarks() const = 0;
  // Blocks until every accepted unit below `end` is durable. DeadlineExceeded after `wait`.
  virtual Status WaitDurable(UnitNumber end, Duration wait) = 0;

  // Hands everything accepted to the volume now instead of at the next interval.
  virtual void Flush() = 0;
  // What was accepted becomes durable behind it. FailedPrecondition: has ended.
  virtual Status End(EndCause cause) = 0;
};

// ---- Reading ----

enum class SeekRule : uint8_t {
  kAtOrBefore,  // in footage the clean point at or before t; in a gap the next one forward
  kBackward,    // in a gap the last one before t
};

// Where a seek led.
struct SeekPoint {
  StreamId stream;
  RunId run;
  WallTime begin;  // of the clean point
  UnitNumber unit;
  Duration pre_roll{0};  // asked time minus begin when that lies in this footage, else 0
  bool in_gap = false;   // the asked time is in no footage
  bool durable = true;
};

enum class CursorMode : uint8_t {
  kForward,      // every unit in decode order
  kCleanPoints,  // clean points alone
  kReverse,      // GOPs from the latest back, units inside each forward
};

struct CursorOptions {
  WallRange range{kWallMin, kWallMax};
  CursorMode mode = CursorMode::kForward;
  Duration min_interval{0};  // kCleanPoints: at least this far apart
  bool follow = false;       // kForward: at the end wait for more (live tail), see Next
};

enum class ItemKind : uint8_t {
  kUnit,
  kTracks,    // tracks and parameter sets in force from here on
  kRunBegin,  // a run begins or is joined
  kGap,       // nothing between `gap.begin` and `gap.end`
  kDamage,    // `status` says what could not be verified; reading goes on behind it
  kEnd,       // end of range or of what there is
};

struct Item {
  ItemKind kind = ItemKind::kEnd;
  Unit unit;
  RunId run;
  std::vector<TrackInfo> tracks;
  GapRow gap;
  Status status;
  bool durable = true;
  bool gop_begin = false;  // kUnit: the first unit of a clean point's GOP
};

class Cursor {
 public:
  virtual ~Cursor() = default;
  // The next item. Every byte of a unit has been verified. Blocks: reads; without `follow`, behind
  // the first GOP and while recording falls behind, up to 50 ms more for each. With `follow` waits
  // up to `wait` at the end and then returns kEnd, after which Next may be called again.
  virtual Result<Item> Next(Duration wait) = 0;
  Result<Item> Next() { return Next(Duration{0}); }
};

// Why a stream has nothing to show at a moment, and the stretch of time that this holds for.
struct Absence {
  enum class Kind : uint8_t {
    kGap,          // gap.cause says why
    kNotYet,       // the time has not come; gap.end is kWallMax
    kUndecodable,  // units are there, but what they build on is gone
  };
  Kind kind = Kind::kGap;
  GapRow gap;

  // One line: "nothing of 12:00 was recorded: the recorder was not running from 11:58 to 12:07".
  REEL_API std::string Text(WallTime asked) const;
};

// One stream's answer to a moment asked of many.
struct StreamMoment {
  StreamId stream;
  Result<SeekPoint> point;
  std::optional<Absence> absence;  // set when the moment itself lies in no footage
};

struct Span {
  WallRange range;
  RunId run;
  EndCause end_cause = EndCause::kOpen;
};

struct Timeline {
  std::vector<Span> spans;   // footage, ascending
  std::vector<GapRow> gaps;  // every stretch of the range without footage, with its cause
  std::vector<CoverageRow> buckets;
};

// ---- The store ----

struct StreamInfo {
  StreamId id;
  std::string name;
  ClassId retention_class;
  WallTime created;
  std::optional<WallTime> retired;  // since when it is no longer recorded
  VolumeNo volume;                  // records to; 0 with none
  uint64_t buffered_bytes = 0;
  Duration flush_age{0};  // since the oldest unit that is not durable was accepted; 0: all of it is
};

struct VolumeInfo {
  VolumeNo number;
  VolumeId id;
  std::string path;
  std::string state;  // "good", "suspect", "stalled", "offline: why"
  std::string engine;
  std::string placement;
  uint64_t segment_bytes = 0;
  uint32_t segments_max = 0;
  uint32_t segments_in_use = 0;
  uint32_t granule_bytes = 0;
  uint32_t epoch = 0;
};

class Store {
 public:
  // Opens a volume's directory. Given by the embedder so that simulated disks take the place of
  // real ones.
  using DiskFactory = std::function<Result<std::unique_ptr<Disk>>(const std::string& path)>;

  struct Options {
    std::string state_path;  // the node's state directory
    DiskFactory open_disk;
    Clock* clock = nullptr;    // SystemClock() if null
    Random* random = nullptr;  // SystemRandom() if null
    Index* index = nullptr;    // outlives the store; may be empty or behind: what it lacks is added
    // read_only: used instead when `index` lacks segments (a crash, a lost index) and no writer is
    // alive; empty, in memory, outlives the store.
    Index* scratch_index = nullptr;
    bool read_only = false;                    // writes no byte anywhere; footage up to Durable
    bool manual = false;                       // no threads: the caller drives RunOnce
    uint64_t buffer_bytes = 256U << 20;        // of all streams together
    uint64_t stream_buffer_bytes = 16U << 20;  // of one stream
    // 50 ms..2 s: how old accepted units get, ordinarily, before they are durable: they are written
    // after 15/16 of it. Where so little comes that it would be mostly padding (under 32 KiB), up
    // to four times that within a second.
    Duration flush_interval = std::chrono::milliseconds(250);
    Duration stall_after = std::chrono::seconds(2);
    Duration offline_after = std::chrono::seconds(20);
    LogSink log;
  };

  struct InitVolume {
    std::string path;
    uint64_t bytes = 0;              // how much of it may be used
    uint64_t segment_bytes = 0;      // 0: 1 GiB, smaller on small volumes
    uint32_t granule_bytes = 0;      // 0: as probed
    std::string placement = "auto";  // auto, log, gop
  };

  // Makes the state directory a node, if it is none yet, and adds volumes. Durable on return; on an
  // error nothing is left half-made. Blocks: syncs. AlreadyExists, InvalidArgument,
  // ResourceExhausted.
  REEL_API static Status Init(const Options& options, const std::vector<InitVolume>& volumes);

  // Recording may begin on return, whatever a crash left: salvage goes on behind it. Blocks: reads
  // the heads of segments, and the ledger.
  // Errors: NotFound (not a node), FailedPrecondition (in use: names the pid; wrong volume; newer
  // format). A volume that is away is noted in volumes(), not an error, as long as one can be used.
  REEL_API static Result<std::unique_ptr<Store>> Open(const Options& options);

  virtual ~Store() = default;

  // Gives a volume that holds footage already to this node, with its streams: one of another node,
  // or of this one that stands elsewhere now. The state directory becomes a node if it is none yet.
  // A stream of the volume whose name is taken here gets "NAME~" and the first digits of its UUID;
  // what is here keeps its name. Durable on return, blocks; cut short, it can be done again.
  // Errors: NotFound (no volume there), AlreadyExists (one of this node's, or a copy of one),
  // FailedPrecondition (in use: names the pid; newer format; older than this node knows it).
  struct AdoptVolume {
    std::string path;
    std::string scratch_path;  // an empty directory, used where names have to change
  };
  struct Adoption {
    struct Stream {
      StreamId id;
      std::string name;
      std::string name_before;
    };
    VolumeNo number;
    VolumeId id;
    NodeId owner_before;
    std::vector<Stream> streams;
  };
  static Result<Adoption> Adopt(const Options& options, const AdoptVolume& volume);

  // The node no longer expects the volume, nor gives its number away again. What is on it is not
  // touched: it can be adopted. NotFound; FailedPrecondition (in use: names the pid).
  static Status Forget(const Options& options, VolumeNo volume);

  // Durable on return. Blocks: a sync, as the next three do. AlreadyExists; InvalidArgument says
  // what is wrong with the name.
  virtual Result<StreamInfo> CreateStream(const std::string& name) = 0;
  // The same with a UUID that footage has already: of a stream that moved here from another node,
  // or of one whose name was lost. AlreadyExists when the UUID has a name here.
  virtual Result<StreamInfo> CreateStreamAs(const std::string& name, StreamId id) = 0;
  // Durable on return; footage, holds and UUID stay. NotFound, AlreadyExists, InvalidArgument.
  virtual Result<StreamInfo> RenameStream(StreamId stream, const std::string& name) = 0;
  // Retired, a stream takes no more runs; its footage stays where it is and is found as before, and
  // its name stays taken. Durable on return. NotFound; FailedPrecondition while it is recorded.
  virtual Result<StreamInfo> RetireStream(StreamId stream, bool retired) = 0;
  // By name or UUID. Blocks after a crash: may read the ledger. NotFound suggests the nearest name.
  virtual Result<StreamInfo> FindStream(const std::string& name_or_id) = 0;
  virtual std::vector<StreamInfo> Streams() = 0;

  // Blocks with `resume` alone: reads the index. NotFound; AlreadyExists (that run is being
  // written); InvalidArgument (tracks); Unavailable (no volume can be written).
  virtual Result<std::unique_ptr<RunWriter>> BeginRun(StreamId stream,
                                                      const RunOptions& options) = 0;
  // Missing time with its cause, for what only the producer knows. Durable on return. Blocks: a
  // sync.
  virtual Status RecordGap(const GapRow& gap) = 0;

  // Where the footage of a run came from; told again with its end known, the later one holds.
  // Durable on return. Blocks: a sync. NotFound (no such stream), InvalidArgument (texts).
  virtual Status RecordImport(const ImportRow& import) = 0;
  // Those whose footage may still be there, by the time they were made.
  virtual std::vector<ImportRow> Imports() = 0;

  // NotFound when the stream has no footage on that side. Blocks, as SeekAll and WhyNothing: a few
  // reads.
  virtual Result<SeekPoint> Seek(StreamId stream, WallTime time, SeekRule rule) = 0;
  // The same of many streams at one instant, in the order given, each with its own answer or error.
  virtual std::vector<StreamMoment> SeekAll(const std::vector<StreamId>& streams, WallTime time,
                                            SeekRule rule) = 0;
  // Why there is nothing at `time`; nullopt when there is something. What can no longer be read
  // counts as absent: a volume that is away, a segment recycled a moment ago, damage.
  virtual Result<std::optional<Absence>> WhyNothing(StreamId stream, WallTime time) = 0;
  // Block: a few reads, GetTimeline of the index alone.
  virtual Result<std::unique_ptr<Cursor>> Read(StreamId stream, const CursorOptions& options) = 0;
  virtual Result<Timeline> GetTimeline(StreamId stream, WallRange range, Bucket bucket) = 0;

  // A range as MP4 files that are made as they are read (reel/export.h): one, or with `split` one
  // per stretch, in order of time. NotFound: no footage in the range. FailedPrecondition: it does
  // not fit one file, or MP4. DataLoss: see DamagePolicy. ResourceExhausted: too much at once.
  // Blocks: reads the heads of all chunks in the range.
  virtual Result<std::vector<std::unique_ptr<VirtualMp4>>> OpenExport(
      StreamId stream, const ExportOptions& options) = 0;

  virtual std::vector<VolumeInfo> Volumes() = 0;
  // The catalogue of a volume's segments, by serial, as far as it is in the index.
  virtual Result<std::vector<SegmentRow>> Segments(VolumeNo volume) = 0;
  virtual StoreCounters counters() = 0;

  // Reads and verifies every chunk of every segment; blocks meanwhile. Problems are told and
  // counted, not errors.
  struct VerifyReport {
    uint64_t segments = 0;
    uint64_t chunks = 0;
    uint64_t bytes = 0;
    uint64_t problems = 0;
    bool stopped = false;  // `pace` said so: not everything has been read
  };
  struct VerifyOptions {
    std::function<void(const std::string& problem)> problem;  // required
    // Segments of a volume up to that serial are passed over: they were checked before.
    std::map<VolumeNo, SegmentSerial> checked;
    // Behind each chunk, with its bytes. May wait, to hold the rate down; false ends the call.
    std::function<bool(uint64_t bytes)> pace;
    // Behind each segment that has been read whole; in a volume by rising serial.
    std::function<void(VolumeNo volume, SegmentSerial serial)> segment_done;
  };
  virtual Result<VerifyReport> Verify(const VerifyOptions& options) = 0;
  Result<VerifyReport> Verify(const std::function<void(const std::string& problem)>& problem) {
    return Verify(VerifyOptions{problem, {}, {}, {}});
  }

  // Reads every sealed segment's footer into the index again, while recording goes on; for an index
  // that was found damaged. Returns at once; WaitIdle waits for the end.
  virtual void RebuildIndex() = 0;

  // With Options::manual: one turn of everything, waiting at most `wait` for the disk. True if
  // anything moved. Otherwise a CHECK.
  virtual bool RunOnce(Duration wait) = 0;

  // Waits until salvage, sealing and indexing have nothing left to do (DeadlineExceeded).
  virtual Status WaitIdle(Duration wait) = 0;

  // Orderly stop: ends open runs (kShutdown), makes everything durable, seals, syncs the index. The
  // store refuses everything afterwards. Without it the destructor stops at once, as a crash would.
  virtual Status Close() = 0;
};

}  // namespace reel
