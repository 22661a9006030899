// SimDisk: a Disk in memory that is a function of its seed. It crashes, tears, reorders, stalls,
// rots and fails on demand, and keeps a journal, from which one run of a workload yields the disk
// as of a power cut at any point.
//
// Thread rule: single-threaded by design, files and queues included; a test that wants threads
// takes a real disk. Only IoQueue::Wake may be called from elsewhere.
// Ownership: outlives its files, queues and locks, and is outlived by its clock.
//
// Time. Requests complete at a time given by the latency model and a seeded jitter, so they
// complete out of order. Waiting is what makes time pass: IoQueue::Reap moves the clock to the next
// completion, at most by `wait`; blocking calls move it by their cost. On the disk's own clock Reap
// itself takes a microsecond, so that polling gets somewhere.
//
// Worked example, a crash explorer:
//   SimDisk disk({.seed = 7});
//   ... run the workload; at each acknowledgement note disk.journal_size() ...
//   for (size_t k = 0; k <= disk.journal_size(); ++k) {
//     auto after = disk.CrashImage(k, tear_seed);
//     ... open it: whatever was acknowledged at or before k must be there ...
//   }
#pragma once

#include "engine/testing/fault_plan.h"
#include "engine/testing/sim_clock.h"
#include "engine/testing/sim_disk_state.h"
#include "reel/disk.h"

namespace reel {

struct SimDiskCore;

// Cost of a request on a device that serves one at a time; a transfer that does not begin where the
// last one ended seeks first. All zero: only the jitter delays.
struct SimLatency {
  Duration per_request{};
  Duration seek{};
  Duration sync{};
  uint64_t bytes_per_second = 0;  // 0: transfers take no time
};

struct SimDiskOptions {
  uint64_t seed = 1;
  uint64_t capacity_bytes = uint64_t{1} << 30;  // bound on the sum of file sizes
  uint32_t align_bytes = 4096;
  uint32_t granule_bytes = 4096;
  bool rotational = false;
  bool keep_journal = true;  // costs as much memory as was written; off for long runs
  bool in_order = false;     // requests complete in order of submission
  Duration jitter_max = std::chrono::microseconds(200);
  SimLatency latency;
  SimClock* clock = nullptr;  // null: a clock of its own
};

class SimDisk : public Disk {
 public:
  explicit SimDisk(SimDiskOptions options = {});
  ~SimDisk() override;

  std::string description() const override;
  Result<DiskFacts> Probe() override;
  Result<std::vector<std::string>> List() override;
  Result<std::unique_ptr<File>> Create(const std::string& name, uint64_t size_bytes) override;
  Result<std::unique_ptr<File>> Open(const std::string& name, OpenMode mode) override;
  Status Remove(const std::string& name) override;
  Result<std::unique_ptr<DiskLock>> Lock(const std::string& name) override;
  bool IsLocked(const std::string& name) override;
  Result<std::unique_ptr<IoQueue>> NewQueue(uint32_t depth) override;

  // --- Power cuts ---
  // Entries so far. Effects up to here belong to every crash point >= this number.
  size_t journal_size() const;
  // A new disk as left by a power cut after the first `op_index` entries (0..journal_size()). Its
  // seed is `tear_seed`; bounds, latency and, without `clock`, the clock are this disk's; it has no
  // faults. Cheapest when op_index never goes back between calls.
  std::unique_ptr<SimDisk> CrashImage(size_t op_index, uint64_t tear_seed,
                                      const CrashTraits& traits = {}, SimClock* clock = nullptr);
  // This disk now, pending writes included, with an empty journal; no faults, locks or requests.
  std::unique_ptr<SimDisk> Clone() const;
  // What has happened to it, for a model that follows it; and what it holds now.
  const std::vector<SimOp>& journal() const;
  const SimDiskState& state() const;
  // Entries [begin, end), one a line, for the report of a failing seed.
  std::string JournalText(size_t begin = 0, size_t end = SIZE_MAX) const;

  // --- Faults ---
  FaultPlan& faults();
  // Calls of the seam so far.
  uint64_t op_count() const;
  // From the n-th call from now (1: the next) on every call fails with EIO.
  void PowerOffAt(uint64_t nth);
  // Lets requests complete that Fault::Stall(zero) holds.
  void ReleaseStalled();

  // --- Damage and inspection, not counted as calls; the file exists, the range lies within ---
  void FlipBit(const std::string& name, uint64_t offset_bytes, unsigned bit);
  void CorruptSector(const std::string& name, uint64_t offset_bytes, size_t length_bytes = 512);
  // Durable at once.
  void Poke(const std::string& name, uint64_t offset_bytes, ByteSpan bytes);
  Bytes Peek(const std::string& name, uint64_t offset_bytes, size_t length_bytes) const;
  // Replaces or makes the whole file: truncated, swapped, restored from somewhere.
  void PutFile(const std::string& name, ByteSpan content);
  uint64_t FileSize(const std::string& name) const;
  // Of all names and bytes, as read now: equal before and after means that nothing was written.
  uint64_t ContentHash() const;

  // --- Simulated processes, which own locks ---
  void RunAs(int process_id);       // of the calls that follow; 1 at first
  void EndProcess(int process_id);  // its locks are released, as the kernel does
  SimClock& clock();

 private:
  explicit SimDisk(std::unique_ptr<SimDiskCore> core);

  std::unique_ptr<SimDiskCore> core_;
};

}  // namespace reel
