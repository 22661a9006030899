// What an MP4 file is to hold, in numbers: tracks, and the samples of all of them in the order in
// which their bytes stand in the file. Mp4Layout makes the file of it.
//
// Thread rule: plain values. Media times are ticks of the track's timescale on a line of its own:
// the first sample of a track need not be at 0, and may be before it.
#pragma once

#include <cstdint>
#include <vector>

#include "reel/time.h"
#include "reel/types.h"
#include "reel/unit.h"

namespace reel {

// A stretch of the presentation. Edits follow each other from the presentation's beginning on.
struct Mp4Edit {
  static constexpr int64_t kNothing = -1;
  int64_t media_time = kNothing;  // from the track's first dts: what is shown first; or nothing is
  uint64_t duration = 0;          // in the movie's timescale
};

struct Mp4Track {
  TrackKind kind = TrackKind::kVideo;
  uint32_t timescale = 90'000;  // 1..2^31-1
  uint32_t width = 0;           // as shown
  uint32_t height = 0;
  std::vector<Bytes> entries;  // sample entry boxes (mp4_sample_entry.h)
  std::vector<Mp4Edit> edits;  // none: all of it is shown from the beginning
  uint32_t last_duration = 0;  // of its last sample, which no other follows
};

struct Mp4Sample {
  int64_t dts = 0;          // rises or stays the same within a track
  int32_t delay = 0;        // pts - dts
  uint32_t size_bytes = 0;  // 1..2^30
  uint32_t duration = 0;    // filled in by Mp4Layout: to the next sample of its track
  uint16_t entry = 0;       // of its track
  uint8_t track = 0;        // in Mp4Movie::tracks
  bool sync = false;        // decoding may start here
  WallTime wall;            // when it was captured: of a fragment's first sample it goes into prft
};

struct Mp4Movie {
  std::vector<Mp4Track> tracks;  // 1..kMaxTracks
  std::vector<Mp4Sample> samples;
  uint32_t timescale = 90'000;  // of edits and of the presentation
  WallTime created;             // goes into the headers, in whole seconds
  bool fragmented = false;
};

}  // namespace reel
