// FaultDisk: any Disk, real ones too, with planned failures in front of it. A call that fails never
// reaches the disk below; a short one moves everything and admits to half.
//
// Kill points: OnCall runs a function before and after each call of the seam; with raise(SIGKILL)
// at the n-th of these points it is the death of the process there and then.
// Thread rule: as the Disk below.
#pragma once

#include <functional>

#include "engine/testing/fault_plan.h"
#include "reel/disk.h"

namespace reel {

class FaultDisk : public Disk {
 public:
  enum class When : uint8_t {
    kBefore,
    kAfter,  // the disk below is done; the caller does not know it yet. For a request of a queue:
             // when its completion is reaped
  };

  explicit FaultDisk(std::unique_ptr<Disk> below);
  ~FaultDisk() override;

  // Kinds kError and kShort; the others need a SimDisk.
  FaultPlan& faults();
  // Calls of the seam so far, counted as in FaultPlan: a request when it is submitted.
  uint64_t op_count() const;
  // At every call, on the thread that makes it; injected failures have no kAfter. Set before the
  // calls begin.
  void OnCall(std::function<void(SeamCall, When)> action);
  Disk& below();

  std::string description() const override;
  Result<DiskFacts> Probe() override;
  Result<std::vector<std::string>> List() override;
  Result<std::unique_ptr<File>> Create(const std::string& name, uint64_t size_bytes) override;
  Result<std::unique_ptr<File>> Open(const std::string& name, OpenMode mode) override;
  Status Remove(const std::string& name) override;
  Result<std::unique_ptr<DiskLock>> Lock(const std::string& name) override;
  bool IsLocked(const std::string& name) override;
  Result<std::unique_ptr<IoQueue>> NewQueue(uint32_t depth) override;

  struct Core;  // shared with files and queues, which the disk outlives

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace reel
