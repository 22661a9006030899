// The parts of an MP4 file that are not samples: ftyp and moov, each fragment's moof, and mfra.
// Mp4Layout decides where they stand.
//
// Boxes with times have version 1 (64 bits): one form, whatever the length. No box holds anything
// but what the movie says: no date, no name of a program.
// Thread rule: pure functions. REQUIRES: the movie is as Mp4Layout::Plan accepted it.
// Source: ISO/IEC 14496-12 clause 8, 8.16.5 (prft).
#pragma once

#include <span>

#include "engine/media/box_writer.h"
#include "engine/media/mp4_movie.h"

namespace reel {

// What of a file that is one movie without fragments: its samples stand one behind another.
struct Mp4DataPlace {
  uint64_t begin_bytes = 0;  // of the first sample in the file
  bool wide = false;         // offsets take 64 bits
};

void PutMp4FileType(const Mp4Movie& movie, BoxWriter* out);
// With `data` the tables name every sample; without, fragments follow.
void PutMp4Moov(const Mp4Movie& movie, const Mp4DataPlace* data, BoxWriter* out);

// The first dts of each track: where its media time is 0. 0 for one without samples.
std::vector<int64_t> Mp4Origins(const Mp4Movie& movie);

// The samples [first, end) of a movie. Each track has one entry throughout.
struct Mp4Fragment {
  size_t first = 0;
  size_t end = 0;
  uint64_t begin_bytes = 0;  // in the file
};
// prft and moof of a fragment, and the header of its mdat. `number` counts fragments from 1.
void PutMp4Fragment(const Mp4Movie& movie, std::span<const int64_t> origins,
                    const Mp4Fragment& fragment, uint32_t number, BoxWriter* out);

// Where in the file one can start: the fragments that begin at a sync sample of the reference
// track.
void PutMp4Mfra(const Mp4Movie& movie, std::span<const int64_t> origins,
                std::span<const Mp4Fragment> fragments, BoxWriter* out);

// The first video track, else the first.
uint8_t Mp4ReferenceTrack(const Mp4Movie& movie);

}  // namespace reel
