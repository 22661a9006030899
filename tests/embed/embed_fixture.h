// A node in a folder of its own, as an embedder has it, and streams that prove themselves.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "reel/node.h"
#include "tests/faults/synthetic.h"

namespace reel {

class EmbedTest : public testing::Test {
 public:
  ~EmbedTest() override { std::filesystem::remove_all(root_); }

 protected:
  EmbedTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "reel-embed-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    std::filesystem::create_directory(Disk());
  }

  std::string Path() const { return (root_ / "node").string(); }
  std::string Disk() const { return (root_ / "disk").string(); }

  Status Init() const {
    Store::InitVolume volume;
    volume.path = Disk();
    volume.bytes = 32U << 20;
    volume.segment_bytes = 1U << 20;
    return Node::Init(Path(), {volume});
  }

  NodeOptions Options() {
    NodeOptions options;
    options.buffer_bytes = 16U << 20;
    options.stream_buffer_bytes = 8U << 20;
    options.flush_interval = std::chrono::milliseconds(50);
    options.log = [this](LogLevel level, std::string_view line) {
      if (level != LogLevel::kError) return;
      const std::lock_guard lock(mutex_);
      errors_.emplace_back(line);
    };
    return options;
  }

  std::vector<std::string> errors() {
    const std::lock_guard lock(mutex_);
    return errors_;
  }

  static constexpr WallTime kBegin{1'795'382'160'000'000'000};
  static constexpr Duration kPatience = std::chrono::seconds(30);

 private:
  std::filesystem::path root_;
  std::mutex mutex_;
  std::vector<std::string> errors_;
};

}  // namespace reel
