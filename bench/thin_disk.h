// ThinDisk: a disk in memory for node-sized worlds: what is written is read back, and a block costs
// what it holds up to its last byte that is not zero. It does not crash or fail: that is SimDisk's.
//
// Requests complete at once. With a latency, calls that block move the clock by their cost, as on
// one disk that serves one at a time; requests of queues stay free.
// Thread rule: one thread. Ownership: outlives its files and queues, and is outlived by its clock.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/testing/sim_clock.h"
#include "engine/testing/sim_disk.h"
#include "reel/disk.h"

namespace reel::bench {

class ThinDisk final : public Disk {
 public:
  struct Counts {
    uint64_t reads = 0;
    uint64_t writes = 0;
    uint64_t syncs = 0;
    Duration busy{0};  // by the latency model
  };

  ThinDisk(SimClock& clock, uint64_t capacity_bytes);
  ~ThinDisk() override;

  void set_latency(const SimLatency& latency) { latency_ = latency; }
  const Counts& counts() const { return counts_; }
  uint64_t held_bytes() const { return held_bytes_; }

  std::string description() const override { return "thin"; }
  Result<DiskFacts> Probe() override;
  Result<std::vector<std::string>> List() override;
  Result<std::unique_ptr<File>> Create(const std::string& name, uint64_t size_bytes) override;
  Result<std::unique_ptr<File>> Open(const std::string& name, OpenMode mode) override;
  Status Remove(const std::string& name) override;
  Result<std::unique_ptr<DiskLock>> Lock(const std::string& name) override;
  bool IsLocked(const std::string& /*name*/) override { return false; }
  Result<std::unique_ptr<IoQueue>> NewQueue(uint32_t depth) override;

 private:
  friend class ThinFile;
  friend class ThinQueue;
  struct Inode {
    uint64_t size_bytes = 0;
    std::vector<std::string> blocks;  // of 4 KiB, without the zeros at their end
  };

  static void Read(const Inode& inode, uint64_t offset_bytes, MutableByteSpan into);
  void Write(Inode* inode, uint64_t offset_bytes, ByteSpan from);
  // What a blocking call costs.
  void Pass(const Inode* inode, uint64_t offset_bytes, uint64_t length_bytes);

  SimClock& clock_;
  const uint64_t capacity_bytes_;
  SimLatency latency_;
  Counts counts_;
  uint64_t used_bytes_ = 0;
  uint64_t held_bytes_ = 0;
  const Inode* head_inode_ = nullptr;
  uint64_t head_offset_bytes_ = 0;
  std::map<std::string, std::shared_ptr<Inode>> files_;
};

}  // namespace reel::bench
