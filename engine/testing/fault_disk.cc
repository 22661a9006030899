#include "engine/testing/fault_disk.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>

#include "engine/base/check.h"

namespace reel {

struct FaultDisk::Core {
  explicit Core(std::unique_ptr<Disk> disk) : below(std::move(disk)) {}

  struct Call {
    SeamCall call = SeamCall::kAny;
    Fault fault;
  };

  Call Enter(SeamCall call, const std::string& name) {
    Call entered{call, faults.Next(call, name)};
    ++calls;
    const Fault::Kind kind = entered.fault.kind;
    REEL_CHECK(kind != Fault::Kind::kStall && kind != Fault::Kind::kMisdirect,
               "these faults need a SimDisk");
    if (action) action(call, When::kBefore);
    return entered;
  }
  void Leave(const Call& call) const {
    if (action) action(call.call, When::kAfter);
  }

  std::unique_ptr<Disk> below;
  FaultPlan faults;
  std::atomic<uint64_t> calls = 0;
  std::function<void(SeamCall, When)> action;
};

namespace {

using Core = FaultDisk::Core;

SeamCall CallOf(IoKind kind) {
  switch (kind) {
    case IoKind::kRead:
      return SeamCall::kRead;
    case IoKind::kWrite:
      return SeamCall::kWrite;
    case IoKind::kDataSync:
      break;
  }
  return SeamCall::kSync;
}

// What the caller is told of a transfer of which the disk below moved `moved` bytes.
size_t Admitted(const Fault& fault, size_t asked, size_t moved) {
  if (fault.kind != Fault::Kind::kShort) return moved;
  return std::min<size_t>(moved, ShortLength(static_cast<uint32_t>(asked)));
}

Status StatusOf(const Fault& fault, const std::string& what) {
  if (fault.kind != Fault::Kind::kError) return {};
  return Status::FromErrno(fault.system_errno, what + " (injected)");
}

class FaultFile : public File {
 public:
  FaultFile(Core* core, std::string name, std::unique_ptr<File> below)
      : core_(core), name_(std::move(name)), below_(std::move(below)) {}

  const std::string& name() const { return name_; }
  File* below() const { return below_.get(); }

  uint64_t size_bytes() const override { return below_->size_bytes(); }
  Result<size_t> Read(uint64_t offset_bytes, MutableByteSpan into) override {
    const Core::Call call = core_->Enter(SeamCall::kRead, name_);
    REEL_RETURN_IF_ERROR(StatusOf(call.fault, name_));
    Result<size_t> moved = below_->Read(offset_bytes, into);
    core_->Leave(call);
    if (moved.ok()) *moved = Admitted(call.fault, into.size(), *moved);
    return moved;
  }
  Result<size_t> Write(uint64_t offset_bytes, ByteSpan from) override {
    const Core::Call call = core_->Enter(SeamCall::kWrite, name_);
    REEL_RETURN_IF_ERROR(StatusOf(call.fault, name_));
    Result<size_t> moved = below_->Write(offset_bytes, from);
    core_->Leave(call);
    if (moved.ok()) *moved = Admitted(call.fault, from.size(), *moved);
    return moved;
  }
  Status Sync() override {
    const Core::Call call = core_->Enter(SeamCall::kSync, name_);
    REEL_RETURN_IF_ERROR(StatusOf(call.fault, name_));
    Status status = below_->Sync();
    core_->Leave(call);
    return status;
  }

 private:
  Core* core_;
  const std::string name_;
  const std::unique_ptr<File> below_;
};

class FaultQueue : public IoQueue {
 public:
  FaultQueue(Core* core, std::unique_ptr<IoQueue> below)
      : core_(core), below_(std::move(below)), slots_(below_->depth()) {
    for (size_t i = 0; i < slots_.size(); ++i) free_.push_back(i);
  }

  uint32_t depth() const override { return below_->depth(); }
  uint32_t in_flight() const override {
    return static_cast<uint32_t>(slots_.size() - free_.size());
  }

  bool Submit(const IoRequest& request) override {
    if (free_.empty()) return false;
    const auto* file = dynamic_cast<const FaultFile*>(request.file);
    REEL_CHECK(file != nullptr, "a request names a file of the disk that made the queue");
    const size_t slot = free_.back();
    free_.pop_back();
    slots_[slot] = {core_->Enter(CallOf(request.kind), file->name()), request.tag,
                    request.length_bytes};
    if (slots_[slot].call.fault.kind == Fault::Kind::kError) {
      failed_.push_back(slot);
      return true;
    }
    IoRequest passed = request;
    passed.file = file->below();
    passed.tag = slot;
    REEL_CHECK(below_->Submit(passed), "the queue below has as much room");
    return true;
  }

  size_t Reap(std::span<IoCompletion> out, Duration wait) override {
    size_t count = 0;
    for (; count < out.size() && !failed_.empty(); ++count) {
      const Slot& slot = slots_[failed_.back()];
      out[count] = {slot.tag, -slot.call.fault.system_errno};
      free_.push_back(failed_.back());
      failed_.pop_back();
    }
    const Duration left = count > 0 ? Duration::zero() : wait;
    const auto rest = out.subspan(count);
    const size_t reaped = below_->Reap(rest, left);
    for (IoCompletion& completion : rest.first(reaped)) Finish(&completion);
    return count + reaped;
  }

  void Wake() override { below_->Wake(); }
  Status RegisterBuffers(MutableByteSpan region) override {
    return below_->RegisterBuffers(region);
  }

 private:
  struct Slot {
    Core::Call call;
    uint64_t tag = 0;
    uint32_t length_bytes = 0;
  };

  void Finish(IoCompletion* completion) {
    const size_t index = completion->tag;
    const Slot& slot = slots_[index];
    core_->Leave(slot.call);
    completion->tag = slot.tag;
    if (completion->result > 0) {
      completion->result = static_cast<int32_t>(
          Admitted(slot.call.fault, slot.length_bytes, static_cast<size_t>(completion->result)));
    }
    free_.push_back(index);
  }

  Core* core_;
  const std::unique_ptr<IoQueue> below_;
  std::vector<Slot> slots_;
  std::vector<size_t> free_;
  std::vector<size_t> failed_;  // wait to be reaped
};

Result<std::unique_ptr<File>> Wrap(Core* core, const std::string& name,
                                   Result<std::unique_ptr<File>> file) {
  if (!file.ok()) return file.status();
  return std::unique_ptr<File>(std::make_unique<FaultFile>(core, name, std::move(*file)));
}

}  // namespace

FaultDisk::FaultDisk(std::unique_ptr<Disk> below)
    : core_(std::make_unique<Core>(std::move(below))) {}
FaultDisk::~FaultDisk() = default;

FaultPlan& FaultDisk::faults() { return core_->faults; }
uint64_t FaultDisk::op_count() const { return core_->calls; }
Disk& FaultDisk::below() { return *core_->below; }

void FaultDisk::OnCall(std::function<void(SeamCall, When)> action) {
  core_->action = std::move(action);
}

std::string FaultDisk::description() const { return core_->below->description(); }

Result<DiskFacts> FaultDisk::Probe() {
  const Core::Call call = core_->Enter(SeamCall::kProbe, "");
  REEL_RETURN_IF_ERROR(StatusOf(call.fault, description()));
  auto result = core_->below->Probe();
  core_->Leave(call);
  return result;
}

Result<std::vector<std::string>> FaultDisk::List() {
  const Core::Call call = core_->Enter(SeamCall::kList, "");
  REEL_RETURN_IF_ERROR(StatusOf(call.fault, description()));
  auto result = core_->below->List();
  core_->Leave(call);
  return result;
}

Result<std::unique_ptr<File>> FaultDisk::Create(const std::string& name, uint64_t size_bytes) {
  const Core::Call call = core_->Enter(SeamCall::kCreate, name);
  REEL_RETURN_IF_ERROR(StatusOf(call.fault, name));
  auto result = Wrap(core_.get(), name, core_->below->Create(name, size_bytes));
  core_->Leave(call);
  return result;
}

Result<std::unique_ptr<File>> FaultDisk::Open(const std::string& name, OpenMode mode) {
  const Core::Call call = core_->Enter(SeamCall::kOpen, name);
  REEL_RETURN_IF_ERROR(StatusOf(call.fault, name));
  auto result = Wrap(core_.get(), name, core_->below->Open(name, mode));
  core_->Leave(call);
  return result;
}

Status FaultDisk::Remove(const std::string& name) {
  const Core::Call call = core_->Enter(SeamCall::kRemove, name);
  REEL_RETURN_IF_ERROR(StatusOf(call.fault, name));
  Status status = core_->below->Remove(name);
  core_->Leave(call);
  return status;
}

Result<std::unique_ptr<DiskLock>> FaultDisk::Lock(const std::string& name) {
  const Core::Call call = core_->Enter(SeamCall::kLock, name);
  REEL_RETURN_IF_ERROR(StatusOf(call.fault, name));
  auto result = core_->below->Lock(name);
  core_->Leave(call);
  return result;
}

bool FaultDisk::IsLocked(const std::string& name) { return core_->below->IsLocked(name); }

Result<std::unique_ptr<IoQueue>> FaultDisk::NewQueue(uint32_t depth) {
  auto below = core_->below->NewQueue(depth);
  if (!below.ok()) return below.status();
  return std::unique_ptr<IoQueue>(std::make_unique<FaultQueue>(core_.get(), std::move(*below)));
}

}  // namespace reel
