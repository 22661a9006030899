#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <thread>

#include "bench/peers.h"
#include "bench/verify.h"
#include "engine/io/unique_fd.h"

namespace reel::bench {
namespace {

// Syncs every file once a second, as long as it lives.
class Syncer {
 public:
  explicit Syncer(const std::vector<UniqueFd>& files)
      : files_(files), thread_([this] { Work(); }) {}
  ~Syncer() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, std::chrono::seconds(1), [this] { return stop_; })) {
      lock.unlock();
      for (const UniqueFd& file : files_) (void)fdatasync(file.get());
      lock.lock();
    }
  }

  const std::vector<UniqueFd>& files_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  std::thread thread_;
};

class FilesPeer final : public Peer {
 public:
  explicit FilesPeer(std::string directory) : directory_(std::move(directory)) {}

  Status Append(const Trace& trace, uint32_t streams, uint64_t gops) override {
    REEL_RETURN_IF_ERROR(Open(streams));
    const Syncer syncer(files_);
    const uint64_t units = gops * trace.shape().gop_units;
    for (uint64_t number = 0; number < units; ++number) {
      for (uint32_t stream = 0; stream < streams; ++stream) {
        const ByteSpan bytes = trace.Unit(stream, number, {}).bytes;
        if (write(files_[stream].get(), bytes.data(), bytes.size()) !=
            static_cast<ssize_t>(bytes.size()))
          return Status::FromErrno(errno, "write a stream's file");
      }
    }
    for (const UniqueFd& file : files_) {
      if (fdatasync(file.get()) != 0) return Status::FromErrno(errno, "sync a stream's file");
    }
    return OkStatus();
  }

  Status Verify(const Trace& trace, uint32_t streams, uint64_t gops) override {
    Bytes read;
    for (uint32_t stream = 0; stream < streams; stream += 50) {
      off_t at = 0;
      for (uint64_t number = 0; number < gops * trace.shape().gop_units; ++number) {
        const ByteSpan expected = trace.Unit(stream, number, {}).bytes;
        read.resize(expected.size());
        if (pread(files_[stream].get(), read.data(), read.size(), at) !=
                static_cast<ssize_t>(read.size()) ||
            !SameBytes(read, expected))
          return DataLoss("a stream's file is not what was written");
        at += static_cast<off_t>(read.size());
      }
    }
    return OkStatus();
  }

 private:
  // From the beginning again: what was written before is overwritten, as recycled segments are.
  Status Open(uint32_t streams) {
    files_.clear();
    for (uint32_t stream = 0; stream < streams; ++stream) {
      const std::string path = directory_ + "/" + std::to_string(stream);
      files_.emplace_back(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
      if (!files_.back().valid()) return Status::FromErrno(errno, "open " + path);
    }
    return OkStatus();
  }

  std::string directory_;
  std::vector<UniqueFd> files_;
};

}  // namespace

Result<std::unique_ptr<Peer>> NewFilesPeer(const std::string& directory) {
  std::filesystem::create_directories(directory);
  return std::unique_ptr<Peer>(std::make_unique<FilesPeer>(directory));
}

}  // namespace reel::bench
