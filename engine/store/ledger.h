// Ledger: what footage cannot prove, as last read or written. It only remembers; the store writes
// records through the ledger stream of each volume and hands back here what it reads from there.
//
// Thread rule: any thread; one lock inside.
// Bound: grows with the number of streams, ended runs and gaps whose footage is still held (Prune
// drops the rest), and the latest kMaxReceipts receipts of each volume.
#pragma once

#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/format/ledger_record.h"
#include "reel/store.h"

namespace reel {

class Ledger {
 public:
  static constexpr size_t kMaxReceipts = 65536;

  // Takes in one record, however often and in whatever order: of two about one run or gap the one
  // that reaches further holds, of two about one stream the higher revision. False if it says
  // nothing new.
  bool Apply(const format::LedgerRecord& record);

  // A record that is being written and holds only once it is durable. Live() has it from here on,
  // so that copying forward cannot lose it between its writing and its Apply.
  class Pending {
   public:
    Pending(Ledger& ledger, const format::LedgerRecord& record);
    ~Pending();
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

   private:
    Ledger& ledger_;
    std::list<format::LedgerRecord>::iterator at_;
  };

  std::optional<format::StreamRecord> FindStream(StreamId id) const;
  std::optional<format::StreamRecord> FindStream(const std::string& name) const;
  std::vector<format::StreamRecord> Streams() const;
  std::optional<format::RetirementRecord> Retirement(StreamId stream) const;
  std::vector<WallTime> SessionBegins() const;
  std::optional<RunRow> FindRun(RunId run) const;
  std::vector<ImportRow> Imports() const;  // by the time they were made

  // Everything that must outlive the segment it stands in, for copying forward on `volume`: of
  // receipts the latest `receipts_max` of that volume, the others' are on the others.
  std::vector<format::LedgerRecord> Live(VolumeId volume, size_t receipts_max) const;

  size_t receipts() const;  // of all volumes

  // Rows for the index.
  void AddRows(IndexBatch* batch) const;

  // Where the footage of each stream begins: gaps and runs that end before are about what is gone,
  // if receipts tell that later footage has been recycled; a gap before a stream's first unit is
  // not. Of streams that are not named all is kept. Sessions go that began before any footage.
  // Imports go with their footage; those that broke off are kept.
  void Prune(const std::map<StreamId, WallTime>& oldest);

 private:
  mutable std::mutex mutex_;
  std::list<format::LedgerRecord> pending_;
  std::map<StreamId, format::StreamRecord> streams_;
  std::map<StreamId, format::RetirementRecord> retirements_;
  std::map<std::tuple<StreamId, WallTime, GapCause>, GapRow> gaps_;
  std::map<RunId, RunRow> runs_;
  std::map<std::pair<VolumeId, Epoch>, format::SessionRecord> sessions_;
  std::map<VolumeId, std::map<SegmentSerial, format::RetiredRecord>> receipts_;
  std::map<RunId, ImportRow> imports_;
  std::vector<format::OpaqueRecord> opaque_;
};

}  // namespace reel
