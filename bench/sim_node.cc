#include "bench/sim_node.h"

#include <algorithm>

namespace reel::bench {
namespace {

// A disk that a store may own, though the node keeps it.
class LentDisk final : public Disk {
 public:
  explicit LentDisk(Disk& disk) : disk_(disk) {}

  std::string description() const override { return disk_.description(); }
  Result<DiskFacts> Probe() override { return disk_.Probe(); }
  Result<std::vector<std::string>> List() override { return disk_.List(); }
  Result<std::unique_ptr<File>> Create(const std::string& name, uint64_t size_bytes) override {
    return disk_.Create(name, size_bytes);
  }
  Result<std::unique_ptr<File>> Open(const std::string& name, OpenMode mode) override {
    return disk_.Open(name, mode);
  }
  Status Remove(const std::string& name) override { return disk_.Remove(name); }
  Result<std::unique_ptr<DiskLock>> Lock(const std::string& name) override {
    return disk_.Lock(name);
  }
  bool IsLocked(const std::string& name) override { return disk_.IsLocked(name); }
  Result<std::unique_ptr<IoQueue>> NewQueue(uint32_t depth) override {
    return disk_.NewQueue(depth);
  }

 private:
  Disk& disk_;
};

}  // namespace

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
    return Result<std::unique_ptr<Disk>>(std::make_unique<LentDisk>(*raw->disks_[number]));
  };
  options.clock = &node->clock_;
  options.random = &node->random_;
  options.index = &node->index_;
  options.manual = true;
  options.buffer_bytes = shape.buffer_bytes;
  options.flush_interval = shape.flush_interval;
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
