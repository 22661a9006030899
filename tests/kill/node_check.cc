#include "tests/kill/node_check.h"

#include <unistd.h>

#include <algorithm>

#include "engine/testing/memory_index.h"
#include "tests/kill/recorder.h"

namespace reel {
namespace {

constexpr size_t kProblemsMax = 20;
constexpr size_t kUnitsAtOnce = 20;
constexpr Duration kIdleWait = std::chrono::seconds(60);
// A chunk's head and the room to the end of its granule, at most so many times its payload in all.
constexpr uint64_t kPaddingFactor = 2;
constexpr uint64_t kUnitBytesMax = 6000;
constexpr uint64_t kLeastUnitBytes = 660;
constexpr uint64_t kSmallUnitBytesMax = 1000;
// Segments that a life leaves behind unfilled: open and spare ones of footage and of the ledger.
constexpr uint64_t kSegmentsOfALife = 5;
// Of a volume: the ledger's, spares, the one just being recycled.
constexpr uint64_t kSegmentsOfNoFootage = 6;

}  // namespace

void NodeCheck::Problem(const std::string& what) {
  if (problems_.size() < kProblemsMax) problems_.push_back(what);
}

void NodeCheck::ProblemOf(const std::string& stream, const std::string& what) {
  Problem(stream + ": " + what);
}

void NodeCheck::ProblemUnlessOk(const Status& status, const std::string& what) {
  if (!status.ok()) Problem(what + ": " + status.ToString());
}

void NodeCheck::Run(KillJournal& journal, uint64_t seed, bool as_a_crash) {
  ++journal.life;
  auto opened = KillNode::Open(node_, journal);
  if (!opened.ok()) return Problem("reopen: " + opened.status().ToString());
  Store& store = (*opened)->store();
  ExpectOneWriter();
  Recorder recorder(store, journal, seed);
  ProblemUnlessOk(recorder.Begin(), "recording at once");
  ProblemUnlessOk(recorder.Record(kUnitsAtOnce), "recording at once");
  ProblemUnlessOk(recorder.Finish(), "recording at once");
  ProblemUnlessOk(store.WaitIdle(kIdleWait), "idle");
  ExpectWhatWasTold(store);
  for (const std::string& error : (*opened)->errors()) Problem("said: " + error);
  if (!as_a_crash) ProblemUnlessOk(store.Close(), "close");
}

void NodeCheck::ExpectOneWriter() {
  MemoryIndex index;
  const Status second = Store::Open(node_.OptionsFor(&index)).status();
  const bool named = second.message().find(std::to_string(getpid())) != std::string::npos;
  if (second.code() != Code::kFailedPrecondition || !named)
    Problem("a second writer was not refused by name: " + second.ToString());
}

std::map<uint64_t, NodeCheck::Told> NodeCheck::ToldOf(size_t stream) const {
  std::map<uint64_t, Told> by_source;
  for (uint32_t i = 0; i < journal_.stint_count; ++i) {
    const StintNote& stint = journal_.stints[i];
    if (stint.stream != stream) continue;
    Told& told = by_source[stint.source_seed];
    if (stint.offered != 0) told.may.insert(stint.offered - 1);
    for (uint64_t number = 0; number < kRunUnitsMax; ++number) {
      if (!stint.Accepted(number)) continue;
      if (!told.may.insert(number).second) told.resent.insert(number);
      if (number < stint.acknowledged) told.must.try_emplace(number, i);
    }
  }
  return by_source;
}

void NodeCheck::ExpectWhatWasTold(Store& store) {
  size_t streams = 0;
  for (size_t stream = 0; stream < kKillStreams; ++stream) {
    if (journal_.streams[stream].told == reel::Told::kAcknowledged) {
      ++streams;
      CheckStream(store, stream);
    }
  }
  if (store.Streams().size() < streams) Problem("streams are missing");
  for (const StreamInfo& info : store.Streams()) {
    bool asked = false;
    for (size_t stream = 0; stream < kKillStreams; ++stream) {
      asked |= info.name == KillStreamName(stream) &&
               journal_.streams[stream].told != reel::Told::kNothing;
    }
    if (!asked) Problem("a stream that was never asked for: " + info.name);
  }
  std::string found;
  const auto verified = store.Verify([&](const std::string& problem) { found = problem; });
  ProblemUnlessOk(verified.status(), "verify, " + found);
  if (verified.ok() && verified->problems != 0) Problem("verify: " + found);
  const StoreCounters counters = store.counters();
  if (counters.acknowledged_chunks_lost != 0) Problem("acknowledged chunks are lost");
  if (counters.reads_refused_damaged != 0) Problem("reads were refused as damaged");
}

void NodeCheck::CheckStream(Store& store, size_t stream) {
  const std::string name = KillStreamName(stream);
  const StreamId id = journal_.streams[stream].id;
  const Result<StreamInfo> info = store.FindStream(name);
  if (!info.ok() || info->id != id) return Problem(name + ": " + info.status().ToString());
  const std::map<uint64_t, Told> told = ToldOf(stream);
  const ReadBack back = ReadStream(store, id);
  CheckUnits(stream, told, back);
  CheckRecycled(stream, told, back);
  CheckGaps(store, stream, recycles_ ? OldestOf(back) : kWallMin);
}

void NodeCheck::CheckUnits(size_t stream, const std::map<uint64_t, Told>& told,
                           const ReadBack& back) {
  const std::string name = KillStreamName(stream);
  for (const std::string& problem : back.problems) ProblemOf(name, problem);
  if (back.damaged != 0) Problem(name + ": damaged stretches");
  for (const auto& [source, units] : back.units) {
    units_checked_ += units.size();
    const auto at = told.find(source);
    if (at == told.end()) {
      Problem(name + ": units of source " + std::to_string(source) + ", which never was");
      continue;
    }
    std::set<uint64_t> more;
    std::set_difference(units.begin(), units.end(), at->second.may.begin(), at->second.may.end(),
                        std::inserter(more, more.end()));
    if (!more.empty())
      Problem(name + ": unit " + std::to_string(*more.begin()) + " of source " +
              std::to_string(source) + " was never appended");
  }
}

WallTime NodeCheck::OldestOf(const ReadBack& back) const {
  WallTime oldest = kWallMax;
  for (uint32_t i = 0; i < journal_.stint_count; ++i) {
    const StintNote& stint = journal_.stints[i];
    const auto at = back.units.find(stint.source_seed);
    if (at == back.units.end()) continue;
    const auto first = static_cast<int64_t>(*at->second.begin());
    oldest = std::min(oldest, stint.begin + kUnitInterval * first);
  }
  return oldest;
}

void NodeCheck::ExpectNothingElse(Store& store) {
  for (size_t stream = 0; stream < kKillStreams; ++stream) {
    const Result<StreamInfo> info = store.FindStream(KillStreamName(stream));
    if (!info.ok()) continue;
    const ReadBack back = ReadStream(store, info->id);
    CheckUnits(stream, ToldOf(stream), back);  // in this order: the writer goes on
  }
}

std::vector<uint64_t> NodeCheck::Acknowledged() const {
  std::vector<uint64_t> told;
  for (uint32_t i = 0; i < journal_.stint_count; ++i)
    told.push_back(journal_.stints[i].acknowledged);
  return told;
}

bool NodeCheck::HasAll(Store& store, const std::vector<uint64_t>& told) const {
  std::array<ReadBack, kKillStreams> read;
  for (size_t stream = 0; stream < kKillStreams; ++stream) {
    const Result<StreamInfo> info = store.FindStream(KillStreamName(stream));
    if (info.ok()) read[stream] = ReadStream(store, info->id);
  }
  for (size_t i = 0; i < told.size(); ++i) {
    const StintNote& stint = journal_.stints[i];
    const std::set<uint64_t>& there = read[stint.stream].units[stint.source_seed];
    for (uint64_t number = 0; number < told[i]; ++number) {
      if (stint.Accepted(number) && !there.contains(number)) return false;
    }
  }
  return true;
}

// What was acknowledged and is missing was recycled: never the footage of the last lives, and of a
// stream nothing that was stored after something that is there. With `gop` placement two segments
// are open at once, so that the order holds but for what fits two segments.
void NodeCheck::CheckRecycled(size_t stream, const std::map<uint64_t, Told>& told,
                              const ReadBack& back) {
  const std::string name = KillStreamName(stream);
  const uint32_t kept_life = recycles_ ? FirstLifeKept() : 0;
  std::map<std::pair<uint32_t, uint64_t>, bool> there_by_age;  // by stint and unit
  for (const auto& [source, of_source] : told) {
    const auto at = back.units.find(source);
    std::string lost;
    for (const auto& [number, stint] : of_source.must) {
      const bool there = at != back.units.end() && at->second.contains(number);
      if (!of_source.resent.contains(number)) there_by_age[{stint, number}] = there;
      if (!there && journal_.stints[stint].life >= kept_life)
        lost.append(" ").append(std::to_string(number));
    }
    if (!lost.empty())
      ProblemOf(name, "lost acknowledged units of source " + std::to_string(source) + ":" + lost);
  }
  const uint64_t slack = node_.placement == "gop" ? 2 * node_.segment_bytes / kLeastUnitBytes : 0;
  std::optional<uint64_t> oldest_there;
  uint64_t rank = 0;
  for (const auto& [place, there] : there_by_age) {
    if (there && !oldest_there) oldest_there = rank;
    if (!there && oldest_there && rank - *oldest_there > slack)
      return Problem(name + " lost stint " + std::to_string(place.first) + " unit " +
                     std::to_string(place.second) + " though older ones are there");
    ++rank;
  }
}

// Counted from the end, how many lives fit the volume whatever was wasted.
uint32_t NodeCheck::FirstLifeKept() const {
  std::map<uint32_t, uint64_t> bytes;
  for (uint32_t i = 0; i < journal_.stint_count; ++i) {
    const StintNote& stint = journal_.stints[i];
    for (uint64_t number = 0; number < kRunUnitsMax; ++number) {
      if (!stint.Accepted(number)) continue;
      bytes[stint.life] += number % kUnitsPerGop == 0 ? kUnitBytesMax : kSmallUnitBytesMax;
    }
  }
  uint64_t segments = kSegmentsOfNoFootage;
  uint32_t life = journal_.life + 1;
  while (life > 0) {
    const uint64_t used = bytes[life - 1] * kPaddingFactor / node_.segment_bytes;
    segments += used + kSegmentsOfALife;
    if (segments > node_.segments) break;
    --life;
  }
  return life;
}

void NodeCheck::CheckGaps(Store& store, size_t stream, WallTime oldest) {
  for (uint32_t i = 0; i < journal_.gap_count; ++i) {
    const GapNote& note = journal_.gaps[i];
    if (note.stream != stream || note.told != reel::Told::kAcknowledged || note.end < oldest)
      continue;
    const auto timeline =
        store.GetTimeline(journal_.streams[stream].id, {note.begin, note.end}, Bucket::kHour);
    if (!timeline.ok()) return ProblemUnlessOk(timeline.status(), "timeline");
    const bool told = std::any_of(timeline->gaps.begin(), timeline->gaps.end(),
                                  [](const auto& g) { return g.cause == GapCause::kSourceLost; });
    if (!told) Problem(KillStreamName(stream) + ": gap " + std::to_string(i) + " is not told");
  }
}

}  // namespace reel
