// Recorder: records self-proving streams to a store, live and bulk, with runs that end and are
// resumed, holes and gaps, and notes in a KillJournal what it was told.
// Thread rule: one thread. Must not outlive the store or the journal.
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "tests/faults/synthetic.h"
#include "tests/kill/kill_journal.h"

namespace reel {

// Run k of a stream begins k minutes after this; the second half of each minute is for gaps.
inline constexpr WallTime kKillBegin{1'780'000'000LL * 1'000'000'000LL};

std::string KillStreamName(size_t stream);

class Recorder {
 public:
  Recorder(Store& store, KillJournal& journal, uint64_t seed);
  ~Recorder();

  // The streams, where they are missing, and a run of each.
  Status Begin();
  // `units` more units over all streams, and what comes between them.
  Status Record(size_t units);
  // Until all of it is durable.
  Status Finish();

 private:
  struct Stint {
    StintNote* note = nullptr;
    std::unique_ptr<SyntheticSource> source;
    std::unique_ptr<RunWriter> writer;
    AppendMode mode = AppendMode::kBulk;
    uint64_t next = 0;
  };

  uint64_t Below(uint64_t bound) { return random_() % bound; }
  Status CreateStream(size_t stream);
  StintNote* LastOf(size_t stream);
  Status BeginStint(size_t stream);
  static Status AppendOne(Stint* stint);
  static Status WaitDurable(Stint* stint);
  Status RecordGap(size_t stream);
  Status Between();

  Store& store_;
  KillJournal& journal_;
  std::mt19937_64 random_;
  std::vector<Stint> stints_;  // the present one of each stream
};

}  // namespace reel
