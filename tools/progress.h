// Progress: how far long work has come, as one line on stderr that is drawn over itself. Shown only
// on a terminal, and only of work that takes longer than a second.
//
//   [########............]  41 %  1.2 GiB of 3.0 GiB  120.0 MiB/s  15 s left
//
// Thread rule: Update from one thread at a time; ProgressText is a pure function.
#pragma once

#include <cstdint>
#include <string>

#include "reel/time.h"

namespace reel {

struct ProgressState {
  std::string what;  // in front; may be empty
  uint64_t done = 0;
  uint64_t total = 0;  // 0: not known
  bool bytes = true;   // else they are counted as `noun`
  std::string noun;
};

// At most `columns` wide.
std::string ProgressText(const ProgressState& state, Duration elapsed, size_t columns);

class Progress {
 public:
  explicit Progress(ProgressState state);
  // Wipes the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Draws it anew, ten times a second at most.
  void Update(uint64_t done, uint64_t total);
  void Update(uint64_t done) { Update(done, state_.total); }

 private:
  ProgressState state_;
  const MonoTime began_;
  MonoTime drawn_;
  const bool shown_;
  bool visible_ = false;
};

}  // namespace reel
