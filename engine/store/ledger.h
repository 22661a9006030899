// Ledger: what footage cannot prove, as last read or written. It only remembers; the store writes
// records through the ledger stream of each volume and hands back here what it reads from there.
//
// Thread rule: any thread; one lock inside.
// Bound: grows with the number of streams, ended runs and gaps whose footage is still held (Prune
// drops the rest), and the latest kMaxReceipts receipts.
#pragma once

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

  // Takes in one record, however often. False if it says nothing new.
  bool Apply(const format::LedgerRecord& record);

  std::optional<format::StreamRecord> FindStream(StreamId id) const;
  std::optional<format::StreamRecord> FindStream(const std::string& name) const;
  std::vector<format::StreamRecord> Streams() const;
  std::vector<WallTime> SessionBegins() const;
  std::optional<RunRow> FindRun(RunId run) const;

  // Everything that must outlive the segment it stands in, for copying forward.
  std::vector<format::LedgerRecord> Live() const;

  // Rows for the index.
  void AddRows(IndexBatch* batch) const;

  // Gaps, runs and sessions that end before `oldest` concern footage that is gone.
  void Prune(WallTime oldest);

 private:
  mutable std::mutex mutex_;
  std::map<StreamId, format::StreamRecord> streams_;
  std::map<std::tuple<StreamId, WallTime, GapCause>, GapRow> gaps_;
  std::map<RunId, RunRow> runs_;
  std::map<std::pair<VolumeId, Epoch>, format::SessionRecord> sessions_;
  std::map<std::pair<VolumeId, SegmentSerial>, format::RetiredRecord> receipts_;
  std::vector<format::OpaqueRecord> opaque_;
};

// The name in `names` closest to `name` by edit distance, if close enough to be a slip of the
// keyboard.
std::optional<std::string> NearestName(const std::string& name,
                                       const std::vector<std::string>& names);

}  // namespace reel
