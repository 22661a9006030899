// AuditFiles in memory, which loses what was not synced at a crash and fails on demand.
//
// Thread rule: all calls from any thread at once.
#pragma once

#include <map>
#include <mutex>

#include "server/access/audit_files.h"

namespace reel::server {

// What outlives the process.
struct AuditDisk {
  struct File {
    std::string text;
    size_t synced = 0;
  };
  std::mutex mutex;
  std::map<std::string, File> files;
  uint64_t syncs = 0;
  int appends_left = -1;  // until one fails half done; -1: none does
  int syncs_left = -1;
  bool full = false;  // no file can be made

  // Keeps `kept` bytes of those that were not synced.
  void Crash(size_t kept) {
    for (auto& [name, file] : files) {
      file.text.resize(std::min(file.text.size(), file.synced + kept));
      file.synced = file.text.size();
    }
  }
  std::string& text(const std::string& name) { return files.at(name).text; }
};

class MemoryAuditFile : public AuditFile {
 public:
  MemoryAuditFile(AuditDisk& disk, AuditDisk::File& file) : disk_(disk), file_(file) {}
  Status Append(std::string_view bytes) override {
    const std::lock_guard lock(disk_.mutex);
    if (disk_.appends_left == 0) {
      file_.text += bytes.substr(0, bytes.size() / 2);
      return ResourceExhausted("no space");
    }
    if (disk_.appends_left > 0) --disk_.appends_left;
    file_.text += bytes;
    return OkStatus();
  }
  Status Sync() override {
    const std::lock_guard lock(disk_.mutex);
    ++disk_.syncs;
    if (disk_.syncs_left == 0) return Unavailable("EIO");
    if (disk_.syncs_left > 0) --disk_.syncs_left;
    file_.synced = file_.text.size();
    return OkStatus();
  }

 private:
  AuditDisk& disk_;
  AuditDisk::File& file_;
};

class MemoryAuditFiles : public AuditFiles {
 public:
  explicit MemoryAuditFiles(AuditDisk& disk) : disk_(disk) {}
  Result<std::vector<std::string>> List() override {
    const std::lock_guard lock(disk_.mutex);
    std::vector<std::string> names;
    for (const auto& [name, file] : disk_.files) names.push_back(name);
    return names;
  }
  Result<std::string> Read(const std::string& name, size_t max_bytes) override {
    const std::lock_guard lock(disk_.mutex);
    const std::string& text = disk_.files.at(name).text;
    if (text.size() > max_bytes) return ResourceExhausted(name);
    return text;
  }
  Result<std::unique_ptr<AuditFile>> Create(const std::string& name) override {
    const std::lock_guard lock(disk_.mutex);
    if (disk_.full) return ResourceExhausted("no space");
    return std::unique_ptr<AuditFile>(std::make_unique<MemoryAuditFile>(disk_, disk_.files[name]));
  }

 private:
  AuditDisk& disk_;
};

}  // namespace reel::server
