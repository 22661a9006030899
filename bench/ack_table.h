// AckTable: what a recording process has said to be durable, in a file that it and whoever kills it
// have both mapped: it stands however the process ends.
//
// Thread rule: any thread; each entry is advanced by one.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "reel/status.h"
#include "reel/time.h"

namespace reel::bench {

class AckTable {
 public:
  struct Entry {
    std::atomic<int64_t> begin_ns = 0;      // wall time of the run's first unit
    std::atomic<uint64_t> durable_end = 0;  // units durable, from the first one on
  };
  static_assert(std::atomic<uint64_t>::is_always_lock_free);

  // Of `count` cameras, all zero.
  static Result<std::unique_ptr<AckTable>> Create(const std::string& path, uint32_t count);
  static Result<std::unique_ptr<AckTable>> Open(const std::string& path);
  ~AckTable();
  AckTable(const AckTable&) = delete;
  AckTable& operator=(const AckTable&) = delete;

  uint32_t count() const { return count_; }
  Entry& operator[](uint32_t camera) { return entries_[camera]; }
  const Entry& operator[](uint32_t camera) const { return entries_[camera]; }

 private:
  AckTable(Entry* entries, uint32_t count) : entries_(entries), count_(count) {}
  static Result<std::unique_ptr<AckTable>> Map(int fd, uint32_t count, const std::string& path);

  Entry* entries_;
  uint32_t count_;
};

}  // namespace reel::bench
