// RealNode: a node in a real directory, on real disks, with threads: <root>/state and
// <root>/volume1..n.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/io/disk_factory.h"
#include "reel/store.h"

namespace reel {

struct RealNode {
  std::string root;
  DiskEngine engine = DiskEngine::kAuto;
  size_t volumes = 1;
  uint64_t segment_bytes = 1U << 20;
  uint64_t segments = 16;

  std::string StatePath() const { return root + "/state"; }
  std::string VolumePath(size_t n) const { return root + "/volume" + std::to_string(n); }

  Store::Options OptionsFor(Index* index) const {
    Store::Options options;
    options.state_path = StatePath();
    options.open_disk = [engine = engine](const std::string& path) {
      return OpenDisk(path, {.engine = engine});
    };
    options.index = index;
    options.buffer_bytes = 32U << 20;
    options.stream_buffer_bytes = 2U << 20;
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
      wanted.push_back(volume);
    }
    return Store::Init(OptionsFor(nullptr), wanted);
  }
};

}  // namespace reel
