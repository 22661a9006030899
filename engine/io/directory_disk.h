// DirectoryDisk: the Disk over a directory. Every name is resolved below one directory descriptor,
// so moving or unmounting the path later changes nothing under a running volume.
// Thread rule: all calls from any thread at once.
#pragma once

#include "engine/io/disk_factory.h"
#include "engine/io/unique_fd.h"

namespace reel {

class DirectoryDisk : public Disk {
 public:
  // `note` explains the engine, see DiskFacts::note. The options hold no kAuto any more.
  DirectoryDisk(UniqueFd fd, std::string path, const DiskOptions& options, std::string note)
      : fd_(std::move(fd)), path_(std::move(path)), options_(options), note_(std::move(note)) {}

  std::string description() const override { return path_; }
  Result<DiskFacts> Probe() override;
  Result<std::vector<std::string>> List() override;
  Result<std::unique_ptr<File>> Create(const std::string& name, uint64_t size_bytes) override;
  Result<std::unique_ptr<File>> Open(const std::string& name, OpenMode mode) override;
  Status Remove(const std::string& name) override;
  Result<std::unique_ptr<DiskLock>> Lock(const std::string& name) override;
  bool IsLocked(const std::string& name) override;
  Result<std::unique_ptr<IoQueue>> NewQueue(uint32_t depth) override;

 private:
  std::string PathOf(const std::string& name) const { return path_ + "/" + name; }
  Status CheckName(const std::string& name) const;
  Status SyncDirectory() const;
  Result<std::unique_ptr<File>> CreateUnnamed(UniqueFd fd, const std::string& name,
                                              uint64_t size_bytes);
  Result<std::unique_ptr<File>> CreateNamed(const std::string& name, uint64_t size_bytes);

  const UniqueFd fd_;
  const std::string path_;
  const DiskOptions options_;
  const std::string note_;
};

}  // namespace reel
