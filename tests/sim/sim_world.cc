#include "tests/sim/sim_world.h"

#include <utility>

#include "engine/base/check.h"

namespace reel {

// Lends a world's disk to a store and notes what each call left in the journals.
class BorrowedDisk : public Disk {
 public:
  BorrowedDisk(SimWorld& world, size_t number) : world_(world), disk_(world.disk(number)) {}

  std::string description() const override { return disk_.description(); }
  Result<DiskFacts> Probe() override { return disk_.Probe(); }
  Result<std::vector<std::string>> List() override { return disk_.List(); }
  Result<std::unique_ptr<File>> Create(const std::string& name, uint64_t size_bytes) override {
    return Wrap(Noted(disk_.Create(name, size_bytes)));
  }
  Result<std::unique_ptr<File>> Open(const std::string& name, OpenMode mode) override {
    return Wrap(disk_.Open(name, mode));
  }
  Status Remove(const std::string& name) override { return Noted(disk_.Remove(name)); }
  Result<std::unique_ptr<DiskLock>> Lock(const std::string& name) override {
    return Noted(disk_.Lock(name));
  }
  bool IsLocked(const std::string& name) override { return disk_.IsLocked(name); }
  Result<std::unique_ptr<IoQueue>> NewQueue(uint32_t depth) override {
    REEL_ASSIGN_OR_RETURN(std::unique_ptr<IoQueue> queue, disk_.NewQueue(depth));
    return std::unique_ptr<IoQueue>(std::make_unique<Queue>(world_, std::move(queue)));
  }

 private:
  class BorrowedFile : public File {
   public:
    BorrowedFile(SimWorld& world, std::unique_ptr<File> file)
        : world_(world), file_(std::move(file)) {}
    uint64_t size_bytes() const override { return file_->size_bytes(); }
    Result<size_t> Read(uint64_t offset, MutableByteSpan into) override {
      if (world_.on_read) world_.on_read();
      return file_->Read(offset, into);
    }
    Result<size_t> Write(uint64_t offset, ByteSpan from) override {
      Result<size_t> moved = file_->Write(offset, from);
      world_.Note();
      return moved;
    }
    Status Sync() override {
      Status status = file_->Sync();
      world_.Note();
      return status;
    }
    File* real() { return file_.get(); }

   private:
    SimWorld& world_;
    std::unique_ptr<File> file_;
  };

  class Queue : public IoQueue {
   public:
    Queue(SimWorld& world, std::unique_ptr<IoQueue> queue)
        : world_(world), queue_(std::move(queue)) {}
    uint32_t depth() const override { return queue_->depth(); }
    uint32_t in_flight() const override { return queue_->in_flight(); }
    bool Submit(const IoRequest& request) override {
      IoRequest real = request;
      real.file = static_cast<BorrowedFile*>(request.file)->real();
      const bool taken = queue_->Submit(real);
      world_.Note();
      return taken;
    }
    size_t Reap(std::span<IoCompletion> out, Duration wait) override {
      const size_t count = queue_->Reap(out, wait);
      world_.Note();
      return count;
    }
    void Wake() override { queue_->Wake(); }
    Status RegisterBuffers(MutableByteSpan region) override {
      return queue_->RegisterBuffers(region);
    }

   private:
    SimWorld& world_;
    std::unique_ptr<IoQueue> queue_;
  };

  template <class T>
  T Noted(T result) {
    world_.Note();
    return result;
  }
  Result<std::unique_ptr<File>> Wrap(Result<std::unique_ptr<File>> file) {
    if (!file.ok()) return file.status();
    return std::unique_ptr<File>(std::make_unique<BorrowedFile>(world_, std::move(*file)));
  }

  SimWorld& world_;
  SimDisk& disk_;
};

SimWorld::SimWorld(const WorldOptions& options)
    : options_(options),
      clock_(std::make_unique<SimClock>(options.seed)),
      random_(std::make_unique<SeededRandom>(options.seed)) {
  for (size_t i = 0; i <= options.volumes; ++i) {
    SimDiskOptions disk;
    disk.seed = options.seed * 1000 + i;
    disk.granule_bytes = i == 0 ? 4096 : options.granule_bytes;
    disk.jitter_max = options.jitter_max;
    disk.clock = clock_.get();
    disks_.push_back(std::make_unique<SimDisk>(disk));
  }
}

SimWorld::SimWorld(const SimWorld& before, const Cut& cut, uint64_t tear_seed,
                   const CrashTraits& traits)
    : options_(before.options_), random_(std::make_unique<SeededRandom>(tear_seed ^ 0x5EED)) {
  clock_ = std::make_unique<SimClock>(tear_seed);
  CrashTraits state_traits = traits;
  state_traits.stripe_bytes = 0;
  for (size_t i = 0; i < cut.size(); ++i) {
    disks_.push_back(before.disks_[i]->CrashImage(cut[i], tear_seed + i,
                                                  i == 0 ? state_traits : traits, clock_.get()));
  }
  const Duration later = before.clock_->WallNow() - clock_->WallNow();
  clock_->JumpWall(later + std::chrono::seconds(10));
}

Cut SimWorld::CutAt(size_t instant) const {
  REEL_CHECK(instant <= cuts_.size(), "an instant that has been");
  return instant == 0 ? Cut(disks_.size(), 0) : cuts_[instant - 1];
}

std::string SimWorld::PathOf(size_t disk) {
  return disk == 0 ? "/state" : "/volume" + std::to_string(disk);
}

void SimWorld::Note() {
  Cut cut;
  cut.reserve(disks_.size());
  for (const std::unique_ptr<SimDisk>& disk : disks_) cut.push_back(disk->journal_size());
  if (cuts_.empty() || cuts_.back() != cut) cuts_.push_back(std::move(cut));
}

Store::Options SimWorld::OptionsFor(Index* index) {
  Store::Options options;
  options.state_path = PathOf(0);
  options.open_disk = [this](const std::string& path) -> Result<std::unique_ptr<Disk>> {
    for (size_t i = 0; i < disks_.size(); ++i) {
      if (PathOf(i) == path) return std::unique_ptr<Disk>(std::make_unique<BorrowedDisk>(*this, i));
    }
    return NotFound("no directory " + path);
  };
  options.clock = clock_.get();
  options.random = random_.get();
  options.index = index;
  options.manual = true;
  options.buffer_bytes = options_.buffer_bytes;
  options.stream_buffer_bytes = options_.stream_buffer_bytes;
  options.flush_interval = std::chrono::milliseconds(50);
  if (keep_log) options.log = [this](LogLevel, std::string_view text) { log.emplace_back(text); };
  return options;
}

Status SimWorld::Init() {
  std::vector<Store::InitVolume> volumes;
  for (size_t i = 1; i < disks_.size(); ++i) {
    Store::InitVolume volume;
    volume.path = PathOf(i);
    volume.segment_bytes = options_.segment_bytes;
    volume.bytes = options_.segment_bytes * options_.segments;
    volume.granule_bytes = options_.granule_bytes;
    volume.placement = options_.placement;
    volumes.push_back(volume);
  }
  return Store::Init(OptionsFor(nullptr), volumes);
}

Result<std::unique_ptr<Store>> SimWorld::Open(Index& index, bool read_only) {
  Store::Options options = OptionsFor(&index);
  options.read_only = read_only;
  return Store::Open(options);
}

}  // namespace reel
