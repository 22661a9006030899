// What SimDisk, its files and its queues share. Private to engine/testing/sim_disk*.
#pragma once

#include "engine/testing/sim_disk.h"

namespace reel {

struct SimDiskCore;

struct SimHandle {
  uint32_t inode = 0;
  bool writable = false;
  std::string name;  // at opening
};

// A transfer or sync between its beginning and its end.
struct SimTransfer {
  IoRequest request;
  uint64_t number = 0;  // order of submission
  uint32_t inode = 0;   // where it really goes
  uint64_t offset_bytes = 0;
  uint64_t begin = 0;  // number of its first journal operation
  int64_t result = 0;  // planned: bytes to move or -errno
  bool journaled = false;
  bool held = false;  // until ReleaseStalled
  MonoTime ready{};
};

class SimFile : public File {
 public:
  SimFile(SimDiskCore* core, SimHandle handle) : core_(core), handle_(std::move(handle)) {}

  const SimHandle& handle() const { return handle_; }
  uint64_t size_bytes() const override;
  Result<size_t> Read(uint64_t offset_bytes, MutableByteSpan into) override;
  Result<size_t> Write(uint64_t offset_bytes, ByteSpan from) override;
  Status Sync() override;

 private:
  Result<size_t> Transfer(IoKind kind, uint64_t offset_bytes, std::byte* data, size_t length_bytes);

  SimDiskCore* core_;
  SimHandle handle_;
};

struct SimDiskCore {
  explicit SimDiskCore(SimDiskOptions opts, SimDiskState state = {});

  // Appends to the journal and applies; the operation's number.
  uint64_t Record(SimOp op);
  SimTransfer BeginTransfer(const SimHandle& handle, const IoRequest& request);
  // Moves the bytes; the raw result.
  int64_t EndTransfer(const SimTransfer& transfer);
  // True when a transfer may end now; else it has to wait until `ready`, or until it is released.
  bool MayEnd(const SimTransfer& transfer) const;
  void Damage(const std::string& name, uint64_t offset_bytes, Bytes bytes);
  uint32_t MakeFile(const std::string& name, uint64_t size_bytes);
  void RemoveFile(const std::string& name);
  uint64_t used_bytes() const;
  uint32_t InodeOf(const std::string& name) const;  // CHECKs that it exists

  SimDiskOptions options;
  SimClock own_clock;
  SimClock& clock;
  Rng rng;
  FaultPlan faults;
  SimDiskState base;  // before the journal's first entry
  SimDiskState live;
  std::vector<SimOp> journal;
  SimDiskState crash;  // `base` moved forward to crash_position, for CrashImage
  size_t crash_position = 0;
  std::map<std::string, int> locks;
  int process_id = 1;
  uint64_t transfers_begun = 0;
  uint64_t released_before = 0;  // transfers with lower numbers are held no more
  MonoTime last_ready{};
  MonoTime busy_until{};
  uint32_t head_inode = UINT32_MAX;
  uint64_t head_offset_bytes = 0;

 private:
  int64_t PlanResult(const SimHandle& handle, const IoRequest& request, const Fault& fault) const;
  MonoTime ReadyTime(const SimTransfer& transfer, const Fault& fault);
};

std::unique_ptr<IoQueue> NewSimQueue(SimDiskCore* core, uint32_t depth);

}  // namespace reel
