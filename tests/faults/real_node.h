// RealNode: a node in a real directory, on real disks, with threads: <root>/state, with the index
// in it as the command keeps it, and <root>/volume1..n.
// Thread rule: a value.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/io/disk_factory.h"
#include "reel/store.h"

namespace reel {

struct RealNode {
  std::string root;
  DiskEngine engine = DiskEngine::kAuto;
  std::string placement = "auto";
  size_t volumes = 1;
  uint64_t segment_bytes = 1U << 20;
  uint64_t segments = 16;
  uint64_t buffer_bytes = 32U << 20;
  uint64_t stream_buffer_bytes = 2U << 20;
  // Stands between the engine and each disk; may be empty.
  std::function<std::unique_ptr<Disk>(std::unique_ptr<Disk>)> wrap;

  std::string StatePath() const { return root + "/state"; }
  std::string IndexPath() const { return StatePath() + "/index"; }
  std::string VolumePath(size_t n) const { return root + "/volume" + std::to_string(n); }

  Store::Options OptionsFor(Index* index) const {
    Store::Options options;
    options.state_path = StatePath();
    options.open_disk = [engine = engine,
                         wrap = wrap](const std::string& path) -> Result<std::unique_ptr<Disk>> {
      auto disk = OpenDisk(path, {.engine = engine});
      if (!disk.ok() || !wrap) return disk;
      return wrap(std::move(*disk));
    };
    options.index = index;
    options.buffer_bytes = buffer_bytes;
    options.stream_buffer_bytes = stream_buffer_bytes;
    options.flush_interval = std::chrono::milliseconds(50);
    return options;
  }

  Status Init() const {
    std::vector<Store::InitVolume> wanted;
    std::filesystem::create_directories(StatePath());
    for (size_t n = 1; n <= volumes; ++n) {
      std::filesystem::create_directories(VolumePath(n));
      Store::InitVolume volume;
      volume.path = VolumePath(n);
      volume.segment_bytes = segment_bytes;
      volume.bytes = segment_bytes * segments;
      volume.granule_bytes = 4096;
      volume.placement = placement;
      wanted.push_back(volume);
    }
    return Store::Init(OptionsFor(nullptr), wanted);
  }
};

}  // namespace reel
