// KillJournal: what a recording process was told, in a file that it shares with whoever checks
// after its death. A note is made before a call (asked) and after it (acknowledged), so what stands
// in it at any moment is a lower and an upper bound of what must and may be on the disk.
//
// Thread rule: one process writes at a time; marks are atomic, since callbacks write them too.
#pragma once

#include <array>
#include <atomic>
#include <string>

#include "reel/time.h"
#include "reel/types.h"

namespace reel {

inline constexpr size_t kKillStreams = 3;
inline constexpr size_t kStintsMax = 512;
inline constexpr size_t kKillGapsMax = 512;
inline constexpr uint64_t kRunUnitsMax = 640;

enum class Told : uint32_t { kNothing, kAsked, kAcknowledged };

struct StreamNote {
  std::atomic<Told> told;
  StreamId id;
};

// What one life of the process recorded to one run; a run that is resumed has several.
struct StintNote {
  uint32_t life;
  uint32_t stream;
  RunId run;
  uint64_t source_seed;
  WallTime begin;
  std::atomic<uint64_t> offered;       // one past the number that is being appended; 0: none is
  std::atomic<uint64_t> acknowledged;  // everything accepted below is durable
  std::array<std::atomic<uint64_t>, kRunUnitsMax / 64> accepted;  // a bit each

  bool Accepted(uint64_t number) const {
    return (accepted[number / 64].load() >> (number % 64) & 1) != 0;
  }
  void Accept(uint64_t number) { accepted[number / 64] |= uint64_t{1} << (number % 64); }
  void Acknowledge(uint64_t end) {
    if (end > acknowledged) acknowledged = end;
  }
};

struct GapNote {
  std::atomic<Told> told;
  uint32_t stream;
  WallTime begin;
  WallTime end;
};

// All zeros to begin with.
struct KillJournal {
  std::atomic<uint32_t> made;  // Init was acknowledged
  std::atomic<uint32_t> life;
  std::atomic<uint64_t> points;      // of the present life: calls of the seam entered and left
  std::atomic<uint32_t> fatal_call;  // where it killed itself: a SeamCall, 100 more when leaving it
  std::array<StreamNote, kKillStreams> streams;
  std::atomic<uint32_t> stint_count;
  std::array<StintNote, kStintsMax> stints;
  std::atomic<uint32_t> gap_count;
  std::array<GapNote, kKillGapsMax> gaps;
  std::array<char, 512> problem;  // why it gave up
};

// For people: what was accepted and acknowledged, a line for each stint.
std::string TextOf(const KillJournal& journal);

// The journal in file `path`, made if there is none. A machine that cannot map it ends the process.
class MappedJournal {
 public:
  explicit MappedJournal(const std::string& path);
  ~MappedJournal();
  MappedJournal(const MappedJournal&) = delete;
  MappedJournal& operator=(const MappedJournal&) = delete;

  KillJournal& operator*() { return *journal_; }
  KillJournal* operator->() { return journal_; }

 private:
  KillJournal* journal_ = nullptr;
};

}  // namespace reel
