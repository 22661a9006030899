// A plain reader of MP4 files for tests: where each sample of each track stands and when. It knows
// nothing of how Reel writes them, and reads no more than it is asked to, so that a file may be
// larger than memory.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "reel/types.h"

namespace reel {

// Bytes [offset, offset + size) of the file.
using Mp4Bytes = std::function<Bytes(uint64_t offset, uint64_t size)>;

struct DemuxedSample {
  uint64_t offset = 0;
  uint32_t size = 0;
  int64_t dts = 0;  // from the track's first
  int64_t delay = 0;
  uint32_t duration = 0;
  bool sync = false;
  uint32_t entry = 0;  // from 0
  bool operator==(const DemuxedSample&) const = default;
};
struct DemuxedEdit {
  uint64_t duration = 0;
  int64_t media_time = 0;
  bool operator==(const DemuxedEdit&) const = default;
};
struct DemuxedTrack {
  std::string handler;
  uint32_t timescale = 0;
  std::vector<std::string> entries;  // their names
  std::vector<DemuxedEdit> edits;
  std::vector<DemuxedSample> samples;
};
struct Demuxed {
  std::vector<std::string> boxes;  // of the file, in order
  uint64_t created_seconds = 0;    // since 1904
  uint64_t duration = 0;
  uint32_t timescale = 0;
  std::map<uint32_t, DemuxedTrack> tracks;
  std::vector<uint64_t> ntp_times;                         // of prft
  std::vector<std::pair<int64_t, uint64_t>> start_points;  // of mfra: time, offset of a moof
};

// What does not fit together is a test failure.
Demuxed Demux(const Mp4Bytes& file, uint64_t size_bytes);

}  // namespace reel
