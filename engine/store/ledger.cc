#include "engine/store/ledger.h"

#include <algorithm>
#include <numeric>

namespace reel {
namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

// Inserts or replaces; true if that changed anything.
template <class Map, class Key, class Value>
bool Put(Map* map, const Key& key, const Value& value) {
  const auto [at, is_new] = map->try_emplace(key, value);
  if (is_new) return true;
  if (at->second == value) return false;
  at->second = value;
  return true;
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
    return Put(&gaps_, std::tuple(gap->stream, gap->begin, gap->cause), *gap);
  }
  if (const auto* run = std::get_if<RunRow>(&record)) return Put(&runs_, run->run, *run);
  if (const auto* session = std::get_if<format::SessionRecord>(&record)) {
    return Put(&sessions_, std::pair(session->volume, session->epoch), *session);
  }
  if (const auto* opaque = std::get_if<format::OpaqueRecord>(&record)) {
    if (std::find(opaque_.begin(), opaque_.end(), *opaque) != opaque_.end()) return false;
    opaque_.push_back(*opaque);
    return true;
  }
  if (const auto* receipt = std::get_if<format::RetiredRecord>(&record)) {
    const bool is_new = Put(&receipts_, std::pair(receipt->volume, receipt->serial), *receipt);
    if (receipts_.size() > kMaxReceipts) receipts_.erase(receipts_.begin());
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

std::vector<format::LedgerRecord> Ledger::Live() const {
  const std::lock_guard lock(mutex_);
  std::vector<format::LedgerRecord> live;
  for (const auto& [key, record] : streams_) live.emplace_back(record);
  for (const auto& [key, record] : gaps_) live.emplace_back(record);
  for (const auto& [key, record] : runs_) live.emplace_back(record);
  for (const auto& [key, record] : sessions_) live.emplace_back(record);
  for (const auto& [key, record] : receipts_) live.emplace_back(record);
  for (const format::OpaqueRecord& record : opaque_) live.emplace_back(record);
  return live;
}

void Ledger::AddRows(IndexBatch* batch) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, record] : streams_) batch->streams.push_back(record.row);
  for (const auto& [key, record] : gaps_) batch->gaps.push_back(record);
  for (const auto& [key, record] : runs_) batch->runs.push_back(record);
}

void Ledger::Prune(WallTime oldest) {
  const std::lock_guard lock(mutex_);
  std::erase_if(gaps_, [&](const auto& entry) { return entry.second.end < oldest; });
  std::erase_if(runs_, [&](const auto& entry) { return entry.second.end < oldest; });
  std::erase_if(sessions_, [&](const auto& entry) { return entry.second.opened < oldest; });
}

std::optional<std::string> NearestName(const std::string& name,
                                       const std::vector<std::string>& names) {
  const size_t bound = std::max<size_t>(1, name.size() / 3);
  std::optional<std::string> nearest;
  size_t least = bound + 1;
  for (const std::string& candidate : names) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace reel
