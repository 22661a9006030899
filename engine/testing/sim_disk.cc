#include "engine/testing/sim_disk.h"

#include <algorithm>
#include <cerrno>

#include "engine/base/check.h"
#include "engine/testing/sim_disk_core.h"

namespace reel {
namespace {

bool IsPlainName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

// Counts the call; what planned failure or bad name says.
Status Enter(SimDiskCore& core, SeamCall call, const std::string& name) {
  const Fault fault = core.faults.Next(call, name);
  if (fault.kind == Fault::Kind::kError) {
    return Status::FromErrno(fault.system_errno, "sim/" + name);
  }
  core.clock.Advance(fault.stall);
  return {};
}

Status CheckName(const std::string& name) {
  if (IsPlainName(name)) return {};
  return InvalidArgument("sim/" + name + ": not a plain file name");
}

class SimLock : public DiskLock {
 public:
  SimLock(SimDiskCore* core, std::string name, int owner)
      : core_(core), name_(std::move(name)), owner_(owner) {}
  ~SimLock() override {
    const auto held = core_->locks.find(name_);
    if (held != core_->locks.end() && held->second == owner_) core_->locks.erase(held);
  }

 private:
  SimDiskCore* core_;
  std::string name_;
  int owner_;
};

}  // namespace

uint64_t SimFile::size_bytes() const {
  return core_->live.inode(handle_.inode).visible.size_bytes();
}

Result<size_t> SimFile::Transfer(IoKind kind, uint64_t offset_bytes, std::byte* data,
                                 size_t length_bytes) {
  constexpr size_t kMaxTransferBytes = size_t{1} << 30;  // like the kernel: more comes back short
  IoRequest request;
  request.kind = kind;
  request.offset_bytes = offset_bytes;
  request.data = data;
  request.length_bytes = static_cast<uint32_t>(std::min(length_bytes, kMaxTransferBytes));
  SimTransfer transfer = core_->BeginTransfer(handle_, request);
  // Nobody could release a call that blocks the only thread.
  if (transfer.held) transfer.result = -ETIMEDOUT;
  const Duration left = transfer.ready - core_->clock.MonoNow();
  core_->clock.Advance(std::max(left, Duration::zero()));
  const int64_t result = core_->EndTransfer(transfer);
  if (result < 0) return Status::FromErrno(static_cast<int>(-result), "sim/" + handle_.name);
  return static_cast<size_t>(result);
}

Result<size_t> SimFile::Read(uint64_t offset_bytes, MutableByteSpan into) {
  return Transfer(IoKind::kRead, offset_bytes, into.data(), into.size());
}

Result<size_t> SimFile::Write(uint64_t offset_bytes, ByteSpan from) {
  return Transfer(IoKind::kWrite, offset_bytes, const_cast<std::byte*>(from.data()), from.size());
}

Status SimFile::Sync() { return Transfer(IoKind::kDataSync, 0, nullptr, 0).status(); }

SimDisk::SimDisk(SimDiskOptions options) : SimDisk(std::make_unique<SimDiskCore>(options)) {}
SimDisk::SimDisk(std::unique_ptr<SimDiskCore> core) : core_(std::move(core)) {}
SimDisk::~SimDisk() = default;

std::string SimDisk::description() const { return "sim"; }

Result<DiskFacts> SimDisk::Probe() {
  REEL_RETURN_IF_ERROR(Enter(*core_, SeamCall::kProbe, ""));
  const SimDiskOptions& options = core_->options;
  DiskFacts facts;
  facts.engine = "sim";
  facts.align_bytes = options.align_bytes;
  facts.granule_bytes = options.granule_bytes;
  facts.capacity_bytes = options.capacity_bytes;
  facts.free_bytes = options.capacity_bytes - std::min(options.capacity_bytes, core_->used_bytes());
  facts.rotational = options.rotational;
  return facts;
}

Result<std::vector<std::string>> SimDisk::List() {
  REEL_RETURN_IF_ERROR(Enter(*core_, SeamCall::kList, ""));
  std::vector<std::string> names;
  for (const auto& [name, inode] : core_->live.names()) names.push_back(name);
  return names;
}

Result<std::unique_ptr<File>> SimDisk::Create(const std::string& name, uint64_t size_bytes) {
  REEL_RETURN_IF_ERROR(CheckName(name));
  REEL_RETURN_IF_ERROR(Enter(*core_, SeamCall::kCreate, name));
  if (core_->live.Find(name).has_value()) return Status::FromErrno(EEXIST, "sim/" + name);
  const uint64_t used = core_->used_bytes();
  const uint64_t capacity = core_->options.capacity_bytes;
  if (used > capacity || size_bytes > capacity - used) {
    return Status::FromErrno(ENOSPC, "sim/" + name);
  }
  const SimHandle handle{core_->MakeFile(name, size_bytes), true, name};
  return std::unique_ptr<File>(std::make_unique<SimFile>(core_.get(), handle));
}

Result<std::unique_ptr<File>> SimDisk::Open(const std::string& name, OpenMode mode) {
  REEL_RETURN_IF_ERROR(CheckName(name));
  REEL_RETURN_IF_ERROR(Enter(*core_, SeamCall::kOpen, name));
  const auto inode = core_->live.Find(name);
  if (!inode.has_value()) return Status::FromErrno(ENOENT, "sim/" + name);
  const SimHandle handle{*inode, mode == OpenMode::kReadWrite, name};
  return std::unique_ptr<File>(std::make_unique<SimFile>(core_.get(), handle));
}

Status SimDisk::Remove(const std::string& name) {
  REEL_RETURN_IF_ERROR(CheckName(name));
  REEL_RETURN_IF_ERROR(Enter(*core_, SeamCall::kRemove, name));
  if (!core_->live.Find(name).has_value()) return Status::FromErrno(ENOENT, "sim/" + name);
  core_->RemoveFile(name);
  return {};
}

Result<std::unique_ptr<DiskLock>> SimDisk::Lock(const std::string& name) {
  REEL_RETURN_IF_ERROR(CheckName(name));
  REEL_RETURN_IF_ERROR(Enter(*core_, SeamCall::kLock, name));
  const auto held = core_->locks.find(name);
  if (held != core_->locks.end()) {
    return FailedPrecondition("sim/" + name + ": held by process " + std::to_string(held->second));
  }
  if (!core_->live.Find(name).has_value()) core_->MakeFile(name, 0);
  core_->locks[name] = core_->process_id;
  return std::unique_ptr<DiskLock>(std::make_unique<SimLock>(core_.get(), name, core_->process_id));
}

bool SimDisk::IsLocked(const std::string& name) { return core_->locks.contains(name); }

Result<std::unique_ptr<IoQueue>> SimDisk::NewQueue(uint32_t depth) {
  if (depth == 0) return InvalidArgument("sim: a queue holds at least one request");
  return NewSimQueue(core_.get(), depth);
}

size_t SimDisk::journal_size() const { return core_->journal.size(); }

std::unique_ptr<SimDisk> SimDisk::CrashImage(size_t op_index, uint64_t tear_seed,
                                             const CrashTraits& traits, SimClock* clock) {
  SimDiskCore& core = *core_;
  REEL_CHECK(core.options.keep_journal, "crash images come from a journal");
  REEL_CHECK(op_index <= core.journal.size(), "a crash point lies within the journal");
  if (op_index < core.crash_position) {
    core.crash = core.base;
    core.crash_position = 0;
  }
  while (core.crash_position < op_index) core.crash.Apply(core.journal[core.crash_position++]);
  SimDiskOptions options = core.options;
  options.seed = tear_seed;
  if (clock != nullptr) options.clock = clock;
  return std::unique_ptr<SimDisk>(new SimDisk(
      std::make_unique<SimDiskCore>(options, core.crash.AfterPowerCut(tear_seed, traits))));
}

const std::vector<SimOp>& SimDisk::journal() const { return core_->journal; }
const SimDiskState& SimDisk::state() const { return core_->live; }

std::unique_ptr<SimDisk> SimDisk::Clone() const {
  return std::unique_ptr<SimDisk>(
      new SimDisk(std::make_unique<SimDiskCore>(core_->options, core_->live)));
}

std::string SimDisk::JournalText(size_t begin, size_t end) const {
  std::string text;
  for (size_t i = begin; i < std::min(end, core_->journal.size()); ++i) {
    const uint64_t number = core_->base.applied() + i;
    text += std::to_string(number) + ": " + ToString(core_->journal[i]) + "\n";
  }
  return text;
}

FaultPlan& SimDisk::faults() { return core_->faults; }
uint64_t SimDisk::op_count() const { return core_->faults.count(); }

void SimDisk::PowerOffAt(uint64_t nth) {
  FaultRule rule;
  rule.fault = Fault::Error(EIO);
  rule.nth = nth;
  rule.times = kForEver;
  core_->faults.Add(rule);
}

void SimDisk::ReleaseStalled() { core_->released_before = core_->transfers_begun; }

void SimDisk::FlipBit(const std::string& name, uint64_t offset_bytes, unsigned bit) {
  Bytes bytes = Peek(name, offset_bytes, 1);
  bytes[0] ^= static_cast<std::byte>(1U << (bit % 8));
  core_->Damage(name, offset_bytes, std::move(bytes));
}

void SimDisk::CorruptSector(const std::string& name, uint64_t offset_bytes, size_t length_bytes) {
  Bytes noise(length_bytes);
  core_->rng.Fill(noise);
  core_->Damage(name, offset_bytes, std::move(noise));
}

void SimDisk::Poke(const std::string& name, uint64_t offset_bytes, ByteSpan bytes) {
  core_->Damage(name, offset_bytes, Bytes(bytes.begin(), bytes.end()));
}

Bytes SimDisk::Peek(const std::string& name, uint64_t offset_bytes, size_t length_bytes) const {
  Bytes bytes(length_bytes);
  core_->live.inode(core_->InodeOf(name)).visible.Read(offset_bytes, bytes);
  return bytes;
}

void SimDisk::PutFile(const std::string& name, ByteSpan content) {
  if (core_->live.Find(name).has_value()) core_->RemoveFile(name);
  core_->MakeFile(name, content.size());
  Poke(name, 0, content);
}

uint64_t SimDisk::FileSize(const std::string& name) const {
  return core_->live.inode(core_->InodeOf(name)).visible.size_bytes();
}

uint64_t SimDisk::ContentHash() const { return core_->live.Hash(); }

void SimDisk::RunAs(int process_id) { core_->process_id = process_id; }

void SimDisk::EndProcess(int process_id) {
  std::erase_if(core_->locks, [process_id](const auto& held) { return held.second == process_id; });
}

SimClock& SimDisk::clock() { return core_->clock; }

}  // namespace reel
