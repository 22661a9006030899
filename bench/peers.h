// What Reel is put beside: other ways to keep the same access units, in files of the same state
// (written before), made durable once a second and at the end.
// Thread rule: one thread each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/trace.h"

namespace reel::bench {

// Takes `gops` GOPs of each of `streams` cameras, unit by unit over all of them in turn.
class Peer {
 public:
  virtual ~Peer() = default;
  // Until all of it is durable.
  virtual Status Append(const Trace& trace, uint32_t streams, uint64_t gops) = 0;
  // Reads some of the last Append back and compares it with the trace.
  virtual Status Verify(const Trace& trace, uint32_t streams, uint64_t gops) = 0;
};

// A file per stream, through the page cache, fdatasync on each once a second.
Result<std::unique_ptr<Peer>> NewFilesPeer(const std::string& directory);
// RocksDB with blob files and its log, a GOP per value, the log synced once a second.
Result<std::unique_ptr<Peer>> NewBlobPeer(const std::string& directory);

// CPU seconds per GB of `processes` ffmpeg processes, each copying a 4 Mbit/s camera into segment
// files in real time for `seconds`. NotFound without ffmpeg.
Result<double> FfmpegCpuPerGb(const std::string& directory, int processes, int seconds);

// CPU seconds a second of an ffmpeg process that copies one of these RTSP cameras into segment
// files, once it has begun. NotFound without ffmpeg; Internal where nothing is recorded.
Result<double> FfmpegCpuPerCamera(const std::string& directory,
                                  const std::vector<std::string>& urls, Duration length);

}  // namespace reel::bench
