#include "bench/sim_node.h"

#include <algorithm>

#include "bench/sim_crew.h"
#include "engine/base/check.h"

namespace reel::bench {
namespace {

// A file of a lent disk. Whoever waits for it as a caller of a crew lets the others run.
class LentFile final : public File {
 public:
  LentFile(Disk& disk, std::string name, std::unique_ptr<File> file)
      : disk_(disk), name_(std::move(name)), file_(std::move(file)) {}

  File* below() const { return file_.get(); }
  uint64_t size_bytes() const override { return file_->size_bytes(); }
  Result<size_t> Read(uint64_t offset_bytes, MutableByteSpan into) override {
    if (!SimCrew::IsCaller()) return file_->Read(offset_bytes, into);
    return Transfer(IoKind::kRead, offset_bytes, into.data(), into.size());
  }
  Result<size_t> Write(uint64_t offset_bytes, ByteSpan from) override {
    if (!SimCrew::IsCaller()) return file_->Write(offset_bytes, from);
    return Transfer(IoKind::kWrite, offset_bytes, const_cast<std::byte*>(from.data()), from.size());
  }
  Status Sync() override {
    if (!SimCrew::IsCaller()) return file_->Sync();
    return Transfer(IoKind::kDataSync, 0, nullptr, 0).status();
  }

 private:
  Result<size_t> Transfer(IoKind kind, uint64_t offset_bytes, std::byte* data, size_t bytes) {
    REEL_ASSIGN_OR_RETURN(const std::unique_ptr<IoQueue> queue, disk_.NewQueue(1));
    IoRequest request;
    request.kind = kind;
    request.file = file_.get();
    request.offset_bytes = offset_bytes;
    request.data = data;
    request.length_bytes = static_cast<uint32_t>(bytes);
    REEL_CHECK(queue->Submit(request), "an empty queue takes a request");
    IoCompletion done;
    bool over = false;
    SimCrew::Wait([&] { return over || (over = queue->Reap({&done, 1}, Duration{0}) != 0); });
    if (done.result < 0) return Status::FromErrno(-done.result, name_);
    return static_cast<size_t>(done.result);
  }

  Disk& disk_;
  const std::string name_;
  const std::unique_ptr<File> file_;
};

class LentQueue final : public IoQueue {
 public:
  explicit LentQueue(std::unique_ptr<IoQueue> queue) : queue_(std::move(queue)) {}

  uint32_t depth() const override { return queue_->depth(); }
  uint32_t in_flight() const override { return queue_->in_flight(); }
  bool Submit(const IoRequest& request) override {
    IoRequest passed = request;
    passed.file = dynamic_cast<const LentFile*>(request.file)->below();
    return queue_->Submit(passed);
  }
  size_t Reap(std::span<IoCompletion> out, Duration wait) override {
    return queue_->Reap(out, wait);
  }
  void Wake() override { queue_->Wake(); }
  Status RegisterBuffers(MutableByteSpan region) override {
    return queue_->RegisterBuffers(region);
  }

 private:
  const std::unique_ptr<IoQueue> queue_;
};

// A disk that a store may own, though the node keeps it.
class LentDisk final : public Disk {
 public:
  explicit LentDisk(Disk& disk) : disk_(disk) {}

  std::string description() const override { return disk_.description(); }
  Result<DiskFacts> Probe() override { return disk_.Probe(); }
  Result<std::vector<std::string>> List() override { return disk_.List(); }
  Result<std::unique_ptr<File>> Create(const std::string& name, uint64_t size_bytes) override {
    REEL_ASSIGN_OR_RETURN(std::unique_ptr<File> file, disk_.Create(name, size_bytes));
    return Lent(name, std::move(file));
  }
  Result<std::unique_ptr<File>> Open(const std::string& name, OpenMode mode) override {
    REEL_ASSIGN_OR_RETURN(std::unique_ptr<File> file, disk_.Open(name, mode));
    return Lent(name, std::move(file));
  }
  Status Remove(const std::string& name) override { return disk_.Remove(name); }
  Result<std::unique_ptr<DiskLock>> Lock(const std::string& name) override {
    return disk_.Lock(name);
  }
  bool IsLocked(const std::string& name) override { return disk_.IsLocked(name); }
  Result<std::unique_ptr<IoQueue>> NewQueue(uint32_t depth) override {
    REEL_ASSIGN_OR_RETURN(std::unique_ptr<IoQueue> queue, disk_.NewQueue(depth));
    return std::unique_ptr<IoQueue>(std::make_unique<LentQueue>(std::move(queue)));
  }

 private:
  std::unique_ptr<File> Lent(const std::string& name, std::unique_ptr<File> file) {
    return std::make_unique<LentFile>(disk_, name, std::move(file));
  }

  Disk& disk_;
};

}  // namespace

std::unique_ptr<Disk> Lend(Disk& disk) { return std::make_unique<LentDisk>(disk); }

Result<std::unique_ptr<SimNode>> SimNode::Open(const SimShape& shape) {
  std::unique_ptr<SimNode> node(new SimNode);
  Store::Options& options = node->options_;
  std::vector<Store::InitVolume> volumes;
  for (size_t i = 0; i <= shape.volumes; ++i) {
    SimDiskOptions disk;
    disk.seed = i + 1;
    disk.capacity_bytes = shape.segment_bytes * shape.segments + (uint64_t{64} << 20);
    disk.keep_journal = false;
    disk.clock = &node->clock_;
    disk.rotational = shape.rotational;
    if (i != 0) disk.latency = shape.latency;
    node->disks_.push_back(std::make_unique<SimDisk>(disk));
    if (i == 0) continue;
    Store::InitVolume volume;
    volume.path = std::to_string(i);
    volume.bytes = shape.segment_bytes * shape.segments;
    volume.segment_bytes = shape.segment_bytes;
    volume.granule_bytes = 4096;
    volume.placement = shape.placement;
    volumes.push_back(volume);
  }
  options.state_path = std::to_string(0);
  options.open_disk = [raw = node.get()](const std::string& path) {
    // One digit or two, as written above.
    size_t number = 0;
    for (const char digit : path) number = number * 10 + static_cast<size_t>(digit - '0');
    return Result<std::unique_ptr<Disk>>(Lend(*raw->disks_[number]));
  };
  options.clock = &node->clock_;
  options.random = &node->random_;
  options.index = &node->index_;
  options.manual = true;
  options.buffer_bytes = shape.buffer_bytes;
  options.flush_interval = shape.flush_interval;
  options.log = shape.log;
  REEL_RETURN_IF_ERROR(Store::Init(options, volumes));
  REEL_RETURN_IF_ERROR(node->Reopen());
  return node;
}

Status SimNode::Reopen() {
  REEL_ASSIGN_OR_RETURN(store_, Store::Open(options_));
  return OkStatus();
}

void SimNode::RunUntil(MonoTime at) {
  constexpr Duration kTurn = std::chrono::milliseconds(1);
  while (clock_.MonoNow() < at) {
    const MonoTime before = clock_.MonoNow();
    const bool moved = store_->RunOnce(std::min(kTurn, at - before));
    if (!moved && clock_.MonoNow() == before) clock_.Advance(std::min(kTurn, at - before));
  }
}

}  // namespace reel::bench
