// What this process has used of the machine so far, from getrusage(2) and /proc/self. The kernel
// counts the workers of io_uring (io-wq) as threads of the process that made the ring, so they are
// in all of it; kernel threads that serve every process (kworkers, the journal's) are in none.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "reel/status.h"

namespace reel::bench {

struct Usage {
  double cpu_seconds = 0;             // user and system, of living and ended threads
  uint64_t device_bytes_written = 0;  // handed to block devices by this process
  uint64_t device_bytes_read = 0;
  std::map<std::string, double> thread_seconds;  // of living threads, by name

  static Usage Now();
  Usage operator-(const Usage& before) const;
};

// Resident memory now, and the highest since the last reset of the mark (which needs /proc to
// allow it; else since the process began).
uint64_t ResidentBytes();
uint64_t PeakResidentBytes();
void ResetPeakResident();

// A value of /proc/self/<file> "key:  12345 ..."; 0 if it is not there.
uint64_t ProcValue(const std::string& file, const std::string& key);

}  // namespace reel::bench
