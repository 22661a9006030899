// Importer: one media file recorded as one run of a stream.
//
// Bulk (no pace): as fast as the store takes it, waiting at the memory bound. Paced: as a camera
// would deliver it, live, shedding at the bound. With a length the file is repeated, its time
// stamps going on, until there is that much footage.
// Thread rule: one thread runs an importer; Progress may be read by any.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/av/source.h"
#include "reel/store.h"
#include "tools/interrupt.h"

namespace reel {

inline constexpr const char* kStandardInput = "-";

struct ImportPlan {
  std::string path;    // kStandardInput: what comes through the pipe, once
  std::string stream;  // made if there is none of that name
  WallTime start;      // of the first unit, by the source's clock
  double pace = 0;     // times real time; 0: as fast as possible
  bool repeat = false;
  std::optional<Duration> length;  // with `repeat`; else until stopped
  // Keeps in the ledger where the footage came from: file, SHA-256 and owner (reel/import_row.h).
  bool keep_origin = true;
  std::string owner;
  Duration clock_offset{0};  // how far the source's clock was ahead: times are corrected by it
  // Called on a delivery thread when units have become durable: all of the run below `end`. May
  // still be called after Importer::Run, until the store is closed.
  std::function<void(UnitNumber end)> on_durable;
};

struct ImportReport {
  Status status;  // Cancelled when stopped by a signal; what was accepted is durable even so
  StreamId stream;
  RunId run;
  std::vector<TrackInfo> tracks;
  uint64_t units = 0;
  uint64_t bytes = 0;
  uint64_t units_shed = 0;
  UnitNumber durable;                   // all units below it
  WallRange range{kWallMax, kWallMin};  // of the first and the last unit; begin > end without any
  std::vector<std::string> notes;
};

struct ImportProgress {
  std::atomic<uint64_t> units = 0;
  std::atomic<uint64_t> bytes = 0;
  std::atomic<uint32_t> files_done = 0;
};

class Importer {
 public:
  // All of them outlive the importer.
  Importer(Store& store, const Interrupt& interrupt, const ImportPlan& plan,
           ImportProgress& progress);

  // Returns when everything accepted is durable, or why not.
  ImportReport Run();

 private:
  Status Record();
  Result<std::unique_ptr<MediaSource>> OpenSource() const;
  std::string NameOfSource() const;
  Status BeginRun(const MediaSource& source);
  Status DescribeSource();
  Status TellImport();
  Status PlayOnce(MediaSource& source);
  Status Append(const MediaSource& source, const SourceUnit& unit);
  Status AwaitTurn(Duration at);
  Status EndRun(const Status& outcome);
  Duration RoundLength() const;
  int64_t Shifted(int64_t media_time, TrackId track) const;

  Store& store_;
  const Interrupt& interrupt_;
  const ImportPlan& plan_;
  ImportProgress& progress_;
  ImportReport report_;
  ImportRow import_;
  std::unique_ptr<RunWriter> writer_;
  std::vector<TrackInfo> tracks_;  // in force
  MonoTime began_;
  UnitNumber next_;
  Duration round_begin_{0};  // where the present playing of the file begins in the run
  Duration last_offset_{0};  // of the present playing
  uint64_t round_units_ = 0;
  bool length_reached_ = false;
};

// The stream of that name, made if there is none.
Result<StreamInfo> FindOrCreateStream(Store& store, const std::string& name);

}  // namespace reel
