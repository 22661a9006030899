#include "engine/store/ledger.h"

#include <algorithm>

namespace reel {
namespace {

// Inserts, or replaces what the new value goes further than; true if that changed anything.
template <class Map, class Key, class Value, class Further>
bool Put(Map* map, const Key& key, const Value& value, Further further) {
  const auto [at, is_new] = map->try_emplace(key, value);
  if (is_new) return true;
  if (!further(value, at->second)) return false;
  at->second = value;
  return true;
}

bool GapFurther(const GapRow& a, const GapRow& b) {
  return std::pair(a.end, a.units_lost) > std::pair(b.end, b.units_lost);
}
bool RunFurther(const RunRow& a, const RunRow& b) {
  return std::tuple(a.end, a.cause, b.begin) > std::tuple(b.end, b.cause, a.begin);
}
bool SessionFurther(const format::SessionRecord& a, const format::SessionRecord& b) {
  return a.opened > b.opened;
}
bool ReceiptFurther(const format::RetiredRecord& a, const format::RetiredRecord& b) {
  return a.retired > b.retired;
}

bool RetirementFurther(const format::RetirementRecord& a, const format::RetirementRecord& b) {
  return a.revision > b.revision;
}

// The one that knows where it ended.
bool ImportFurther(const ImportRow& a, const ImportRow& b) {
  return std::pair(a.end, a.imported) > std::pair(b.end, b.imported);
}

}  // namespace

bool Ledger::Apply(const format::LedgerRecord& record) {
  const std::lock_guard lock(mutex_);
  if (const auto* stream = std::get_if<format::StreamRecord>(&record)) {
    const auto at = streams_.find(stream->row.stream);
    if (at != streams_.end() && at->second.revision >= stream->revision) return false;
    streams_[stream->row.stream] = *stream;
    return true;
  }
  if (const auto* gap = std::get_if<GapRow>(&record)) {
    return Put(&gaps_, std::tuple(gap->stream, gap->begin, gap->cause), *gap, GapFurther);
  }
  if (const auto* run = std::get_if<RunRow>(&record))
    return Put(&runs_, run->run, *run, RunFurther);
  if (const auto* session = std::get_if<format::SessionRecord>(&record)) {
    return Put(&sessions_, std::pair(session->volume, session->epoch), *session, SessionFurther);
  }
  if (const auto* import = std::get_if<ImportRow>(&record)) {
    return Put(&imports_, import->run, *import, ImportFurther);
  }
  if (const auto* retirement = std::get_if<format::RetirementRecord>(&record)) {
    return Put(&retirements_, retirement->stream, *retirement, RetirementFurther);
  }
  if (const auto* opaque = std::get_if<format::OpaqueRecord>(&record)) {
    if (std::find(opaque_.begin(), opaque_.end(), *opaque) != opaque_.end()) return false;
    opaque_.push_back(*opaque);
    return true;
  }
  if (const auto* receipt = std::get_if<format::RetiredRecord>(&record)) {
    auto& receipts = receipts_[receipt->volume];
    const bool is_new = Put(&receipts, receipt->serial, *receipt, ReceiptFurther);
    if (receipts.size() > kMaxReceipts) receipts.erase(receipts.begin());
    return is_new;
  }
  return false;
}

std::optional<format::StreamRecord> Ledger::FindStream(StreamId id) const {
  const std::lock_guard lock(mutex_);
  const auto at = streams_.find(id);
  return at == streams_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<format::StreamRecord> Ledger::FindStream(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, record] : streams_) {
    if (record.row.name == name) return record;
  }
  return std::nullopt;
}

std::vector<format::StreamRecord> Ledger::Streams() const {
  const std::lock_guard lock(mutex_);
  std::vector<format::StreamRecord> streams;
  for (const auto& [id, record] : streams_) streams.push_back(record);
  std::sort(streams.begin(), streams.end(),
            [](const auto& a, const auto& b) { return a.row.name < b.row.name; });
  return streams;
}

std::optional<format::RetirementRecord> Ledger::Retirement(StreamId stream) const {
  const std::lock_guard lock(mutex_);
  const auto at = retirements_.find(stream);
  return at == retirements_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<WallTime> Ledger::SessionBegins() const {
  const std::lock_guard lock(mutex_);
  std::vector<WallTime> begins;
  for (const auto& [key, session] : sessions_) begins.push_back(session.opened);
  std::sort(begins.begin(), begins.end());
  return begins;
}

std::optional<RunRow> Ledger::FindRun(RunId run) const {
  const std::lock_guard lock(mutex_);
  const auto at = runs_.find(run);
  return at == runs_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<ImportRow> Ledger::Imports() const {
  const std::lock_guard lock(mutex_);
  std::vector<ImportRow> imports;
  for (const auto& [run, import] : imports_) imports.push_back(import);
  std::sort(imports.begin(), imports.end(), [](const ImportRow& a, const ImportRow& b) {
    return std::pair(a.imported, a.run) < std::pair(b.imported, b.run);
  });
  return imports;
}

Ledger::Pending::Pending(Ledger& ledger, const format::LedgerRecord& record) : ledger_(ledger) {
  const std::lock_guard lock(ledger_.mutex_);
  at_ = ledger_.pending_.insert(ledger_.pending_.end(), record);
}

Ledger::Pending::~Pending() {
  const std::lock_guard lock(ledger_.mutex_);
  ledger_.pending_.erase(at_);
}

std::vector<format::LedgerRecord> Ledger::Live(VolumeId volume, size_t receipts_max) const {
  const std::lock_guard lock(mutex_);
  std::vector<format::LedgerRecord> live(pending_.begin(), pending_.end());
  for (const auto& [key, record] : streams_) live.emplace_back(record);
  for (const auto& [key, record] : retirements_) live.emplace_back(record);
  for (const auto& [key, record] : gaps_) live.emplace_back(record);
  for (const auto& [key, record] : runs_) live.emplace_back(record);
  for (const auto& [key, record] : sessions_) live.emplace_back(record);
  for (const auto& [run, import] : imports_) live.emplace_back(import);
  for (const format::OpaqueRecord& record : opaque_) live.emplace_back(record);
  if (const auto at = receipts_.find(volume); at != receipts_.end()) {
    const size_t kept = std::min(at->second.size(), receipts_max);
    auto receipt = at->second.end();
    for (size_t i = 0; i < kept; ++i) live.emplace_back((--receipt)->second);
  }
  return live;
}

size_t Ledger::receipts() const {
  const std::lock_guard lock(mutex_);
  size_t count = 0;
  for (const auto& [volume, receipts] : receipts_) count += receipts.size();
  return count;
}

void Ledger::AddRows(IndexBatch* batch) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, record] : streams_) batch->streams.push_back(record.row);
  for (const auto& [key, record] : gaps_) batch->gaps.push_back(record);
  for (const auto& [key, record] : runs_) batch->runs.push_back(record);
}

void Ledger::Prune(const std::map<StreamId, WallTime>& oldest) {
  const std::lock_guard lock(mutex_);
  WallTime recycled = kWallMin;
  for (const auto& [volume, receipts] : receipts_) {
    for (const auto& [serial, receipt] : receipts) recycled = std::max(recycled, receipt.end);
  }
  const auto gone = [&](const auto& entry) {
    const auto at = oldest.find(entry.second.stream);
    return at != oldest.end() && entry.second.end < std::min(at->second, recycled);
  };
  std::erase_if(gaps_, gone);
  std::erase_if(runs_, gone);
  std::erase_if(imports_,
                [&](const auto& entry) { return entry.second.end != kWallMin && gone(entry); });
  if (oldest.empty() || oldest.size() < streams_.size()) return;
  const auto first =
      std::min_element(oldest.begin(), oldest.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  // The last one before the footage is the one that recorded its beginning.
  WallTime keep = kWallMin;
  for (const auto& [key, session] : sessions_) {
    if (session.opened <= first->second) keep = std::max(keep, session.opened);
  }
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second.opened < keep; });
}

}  // namespace reel
