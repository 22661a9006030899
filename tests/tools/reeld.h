// A reeld of a node in a test's folder, as a process of its own.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <memory>
#include <string>

#include "tests/tools/process.h"

namespace reel {

void WriteText(const std::string& path, const std::string& text, mode_t mode = 0644);

// Looks again until it is so; false after a long time.
bool Await(const std::function<bool()>& so);

// Killed with its owner.
class Reeld {
 public:
  // Of the node that MakeNode() made in `folder`. It answers when this returns, and whoever runs
  // the test may do everything.
  explicit Reeld(const TempFolder& folder);

  const std::string& config() const { return config_; }
  // For --server.
  const std::string& address() const { return address_; }

 private:
  const std::string config_;
  const std::string address_;
  std::unique_ptr<Child> process_;
};

}  // namespace reel
