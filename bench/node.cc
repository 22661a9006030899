#include "bench/node.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "engine/io/disk_factory.h"
#include "engine/io/unique_fd.h"

namespace reel::bench {

Result<std::unique_ptr<BenchNode>> BenchNode::Open(const NodeShape& shape) {
  std::unique_ptr<BenchNode> node(new BenchNode(shape));
  const std::string state = shape.root + "/state";
  const bool made = !std::filesystem::exists(VolumePath(shape));
  std::filesystem::create_directories(state + "/index");
  std::filesystem::create_directories(VolumePath(shape));
  Store::Options options;
  options.state_path = state;
  options.open_disk = [wrap =
                           shape.wrap](const std::string& path) -> Result<std::unique_ptr<Disk>> {
    auto disk = OpenDisk(path);
    if (!disk.ok() || !wrap) return disk;
    return wrap(*std::move(disk));
  };
  options.buffer_bytes = shape.buffer_bytes;
  options.stream_buffer_bytes = shape.stream_buffer_bytes;
  options.flush_interval = shape.flush_interval;
  options.log = [raw = node.get()](LogLevel level, std::string_view text) {
    if (level != LogLevel::kError && level != LogLevel::kWarning) return;
    const std::lock_guard lock(raw->mutex_);
    raw->complaints_.emplace_back(text);
  };
  if (made) {
    Store::InitVolume volume;
    volume.path = VolumePath(shape);
    volume.segment_bytes = shape.segment_bytes;
    volume.bytes = shape.segment_bytes * shape.segments;
    volume.placement = shape.placement;
    REEL_RETURN_IF_ERROR(Store::Init(options, {volume}));
  }
  IndexOptions index_options;
  index_options.cache_bytes = shape.index_cache_bytes;
  REEL_ASSIGN_OR_RETURN(node->index_, OpenRocksIndex(IndexPath(shape), index_options));
  options.index = node->index_.get();
  REEL_ASSIGN_OR_RETURN(node->store_, Store::Open(options));
  return node;
}

Result<std::vector<StreamId>> BenchNode::Cameras(uint32_t count) {
  std::vector<StreamId> cameras;
  for (uint32_t i = 0; i < count; ++i) {
    const std::string name = "camera-" + std::to_string(i);
    Result<StreamInfo> info = store_->CreateStream(name);
    if (info.status().code() == Code::kAlreadyExists) info = store_->FindStream(name);
    if (!info.ok()) return info.status();
    cameras.push_back(info->id);
  }
  return cameras;
}

std::vector<std::string> BenchNode::complaints() {
  const std::lock_guard lock(mutex_);
  return complaints_;
}

void BenchNode::DropIndexCache(const NodeShape& shape) {
  for (const auto& entry : std::filesystem::directory_iterator(IndexPath(shape))) {
    const UniqueFd fd(open(entry.path().c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.valid()) (void)posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  }
}

uint64_t BenchNode::IndexTableBytes(const NodeShape& shape) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(IndexPath(shape))) {
    if (entry.path().extension() == ".sst") bytes += entry.file_size();
  }
  return bytes;
}

Status BenchNode::Close() { return store_->Close(); }

}  // namespace reel::bench
