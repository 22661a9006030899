// What a seek is put beside: other ways to find the key picture at or before a moment in the same
// access units, kept in files of a minute. Each is cold as a seek of Reel is.
// Thread rule: one thread each.
#pragma once

#include <memory>
#include <string>

#include "bench/histogram.h"
#include "bench/trace.h"
#include "engine/testing/sim_clock.h"
#include "reel/status.h"

namespace reel::bench {

inline constexpr uint64_t kGopsPerMinute = 30;

class SeekPeer {
 public:
  virtual ~SeekPeer() = default;
  // To a moment of its own choice. From the question until the key picture is in hand; compared
  // with the trace.
  virtual Status Seek(Rng* rng, Histogram* latency) = 0;
};

// SQLite as an index over minute files: stream, time, file, offset, length of each of `keyframes`
// keyframes of 1000 streams. It keeps what lies above its leaves in memory, as Reel's index does;
// each seek reads a leaf that it has not read before, mostly, and the picture with O_DIRECT. The
// rows of all minutes share a few files.
Result<std::unique_ptr<SeekPeer>> NewSqlitePeer(const std::string& directory, const Trace& trace,
                                                uint64_t keyframes);

// ffmpeg -ss, a process a seek, on one of the files of a minute into which ffmpeg has copied a
// camera. The index is the name of the file. NotFound without ffmpeg.
Result<std::unique_ptr<SeekPeer>> NewFfmpegSeekPeer(const std::string& directory,
                                                    const Trace& trace);

}  // namespace reel::bench
