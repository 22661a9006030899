#include "bench/thin_disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>

#include "engine/base/check.h"

namespace reel::bench {
namespace {

constexpr uint64_t kBlock = 4096;

}  // namespace

class ThinFile final : public File {
 public:
  ThinFile(ThinDisk* disk, std::shared_ptr<ThinDisk::Inode> inode)
      : disk_(disk), inode_(std::move(inode)) {}

  uint64_t size_bytes() const override { return inode_->size_bytes; }
  Result<size_t> Read(uint64_t offset_bytes, MutableByteSpan into) override {
    disk_->Pass(inode_.get(), offset_bytes, into.size());
    return Move(IoKind::kRead, offset_bytes, into);
  }
  Result<size_t> Write(uint64_t offset_bytes, ByteSpan from) override {
    disk_->Pass(inode_.get(), offset_bytes, from.size());
    return Move(IoKind::kWrite, offset_bytes,
                {const_cast<std::byte*>(from.data()), from.size()});  // not written to
  }
  Status Sync() override {
    disk_->counts_.busy += disk_->latency_.sync;
    disk_->clock_.Advance(disk_->latency_.sync);
    return Move(IoKind::kDataSync, 0, {}).status();
  }

  Result<size_t> Move(IoKind kind, uint64_t offset_bytes, MutableByteSpan bytes) {
    if (kind == IoKind::kDataSync) {
      ++disk_->counts_.syncs;
      return size_t{0};
    }
    const uint64_t room = inode_->size_bytes - std::min(inode_->size_bytes, offset_bytes);
    if (kind == IoKind::kRead) {
      ++disk_->counts_.reads;
      const auto count = static_cast<size_t>(std::min<uint64_t>(bytes.size(), room));
      ThinDisk::Read(*inode_, offset_bytes, bytes.first(count));
      return count;
    }
    if (bytes.size() > room) return Status::FromErrno(EFBIG, "thin");
    ++disk_->counts_.writes;
    disk_->Write(inode_.get(), offset_bytes, bytes);
    return bytes.size();
  }

 private:
  ThinDisk* disk_;
  const std::shared_ptr<ThinDisk::Inode> inode_;
};

class ThinQueue final : public IoQueue {
 public:
  ThinQueue(SimClock& clock, uint32_t depth) : clock_(clock), depth_(depth) {}

  uint32_t depth() const override { return depth_; }
  uint32_t in_flight() const override { return static_cast<uint32_t>(done_.size()); }
  bool Submit(const IoRequest& request) override {
    if (done_.size() >= depth_) return false;
    auto* file = dynamic_cast<ThinFile*>(request.file);
    REEL_CHECK(file != nullptr, "a request names a file of the disk that made the queue");
    const Result<size_t> moved =
        file->Move(request.kind, request.offset_bytes, {request.data, request.length_bytes});
    done_.push_back({request.tag, moved.ok() ? static_cast<int32_t>(*moved) : -EFBIG});
    return true;
  }
  // Waiting is what makes time pass.
  size_t Reap(std::span<IoCompletion> out, Duration wait) override {
    if (done_.empty()) clock_.Advance(wait);
    const size_t count = std::min(out.size(), done_.size());
    std::copy_n(done_.begin(), count, out.begin());
    done_.erase(done_.begin(), done_.begin() + static_cast<ptrdiff_t>(count));
    return count;
  }
  void Wake() override {}
  Status RegisterBuffers(MutableByteSpan /*region*/) override { return OkStatus(); }

 private:
  SimClock& clock_;
  const uint32_t depth_;
  std::deque<IoCompletion> done_;
};

ThinDisk::ThinDisk(SimClock& clock, uint64_t capacity_bytes)
    : clock_(clock), capacity_bytes_(capacity_bytes) {}
ThinDisk::~ThinDisk() = default;

void ThinDisk::Pass(const Inode* inode, uint64_t offset_bytes, uint64_t length_bytes) {
  Duration cost = latency_.per_request;
  if (inode != head_inode_ || offset_bytes != head_offset_bytes_) cost += latency_.seek;
  if (latency_.bytes_per_second != 0) {
    cost +=
        Duration(static_cast<int64_t>(length_bytes * 1'000'000'000 / latency_.bytes_per_second));
  }
  head_inode_ = inode;
  head_offset_bytes_ = offset_bytes + length_bytes;
  counts_.busy += cost;
  clock_.Advance(cost);
}

void ThinDisk::Read(const Inode& inode, uint64_t offset_bytes, MutableByteSpan into) {
  while (!into.empty()) {
    const uint64_t at = offset_bytes % kBlock;
    const size_t count = std::min<size_t>(into.size(), kBlock - at);
    const std::string& block = inode.blocks[offset_bytes / kBlock];
    const size_t held = std::min<size_t>(count, block.size() - std::min<size_t>(block.size(), at));
    if (held != 0) std::memcpy(into.data(), block.data() + at, held);
    std::memset(into.data() + held, 0, count - held);
    into = into.subspan(count);
    offset_bytes += count;
  }
}

// Of whole blocks, as the seam has it.
void ThinDisk::Write(Inode* inode, uint64_t offset_bytes, ByteSpan from) {
  REEL_CHECK(offset_bytes % kBlock == 0 && from.size() % kBlock == 0, "transfers are aligned");
  for (; !from.empty(); from = from.subspan(kBlock), offset_bytes += kBlock) {
    size_t size = kBlock;
    while (size != 0 && from[size - 1] == std::byte{0}) --size;
    std::string& block = inode->blocks[offset_bytes / kBlock];
    held_bytes_ += size;
    held_bytes_ -= block.size();
    block.assign(reinterpret_cast<const char*>(from.data()), size);
  }
}

Result<DiskFacts> ThinDisk::Probe() {
  DiskFacts facts;
  facts.engine = "sim";
  facts.capacity_bytes = capacity_bytes_;
  facts.free_bytes = capacity_bytes_ - used_bytes_;
  facts.rotational = true;
  return facts;
}

Result<std::vector<std::string>> ThinDisk::List() {
  std::vector<std::string> names;
  names.reserve(files_.size());
  for (const auto& [name, inode] : files_) names.push_back(name);
  return names;
}

Result<std::unique_ptr<File>> ThinDisk::Create(const std::string& name, uint64_t size_bytes) {
  if (files_.contains(name)) return Status::FromErrno(EEXIST, "thin/" + name);
  if (size_bytes > capacity_bytes_ - used_bytes_) return Status::FromErrno(ENOSPC, "thin/" + name);
  used_bytes_ += size_bytes;
  auto inode = std::make_shared<Inode>();
  inode->size_bytes = size_bytes;
  inode->blocks.resize((size_bytes + kBlock - 1) / kBlock);
  files_[name] = inode;
  return std::unique_ptr<File>(std::make_unique<ThinFile>(this, inode));
}

Result<std::unique_ptr<File>> ThinDisk::Open(const std::string& name, OpenMode /*mode*/) {
  const auto found = files_.find(name);
  if (found == files_.end()) return Status::FromErrno(ENOENT, "thin/" + name);
  return std::unique_ptr<File>(std::make_unique<ThinFile>(this, found->second));
}

Status ThinDisk::Remove(const std::string& name) {
  const auto found = files_.find(name);
  if (found == files_.end()) return Status::FromErrno(ENOENT, "thin/" + name);
  used_bytes_ -= found->second->size_bytes;
  files_.erase(found);
  return OkStatus();
}

// One process alone lives here, which may end at any time.
Result<std::unique_ptr<DiskLock>> ThinDisk::Lock(const std::string& /*name*/) {
  return std::make_unique<DiskLock>();
}

Result<std::unique_ptr<IoQueue>> ThinDisk::NewQueue(uint32_t depth) {
  return std::unique_ptr<IoQueue>(std::make_unique<ThinQueue>(clock_, depth));
}

}  // namespace reel::bench
