// Single pictures of a stream's video: from a moment to the picture that was to be seen then, from
// one picture to the next or the one before, and what a decoder needs to show it.
//
// Order is that of presentation, across GOPs and runs. A picture's time is when it was to be seen:
// its unit's capture time, shifted by how much longer than its GOP's clean point it waits between
// being decoded and being shown. Pictures that cannot be decoded (before the first clean point,
// behind a hole in their GOP) are passed over.
//
// Thread rule: one thread at a time. Ownership: the store outlives the stepper.
// Bounds: two GOPs in memory, each of at most kMaxGopBytes.
#pragma once

#include <memory>
#include <vector>

#include "reel/store.h"
#include "reel/visibility.h"

namespace reel {

struct Picture {
  RunId run;
  UnitNumber unit;
  WallTime shown;
  bool clean = false;  // decoding may start at it
};

// Units of one video track in decode order, the wanted picture's as the last.
struct PictureSource {
  TrackInfo track;  // with the parameter sets in force at the first unit
  struct Coded {
    uint32_t rank = 0;  // position in order of presentation, from 0; no picture has the same
    Picture picture;
    ByteSpan bytes;  // as stored; the stepper's, until it moves
  };
  std::vector<Coded> units;
};

class PictureStepper {
 public:
  static constexpr size_t kMaxGopBytes = 256U << 20;

  // Stands at the picture that was to be seen at `time`, the latest shown at or before it. In a gap
  // NotFound, which says why there is nothing. FailedPrecondition: no video there. DataLoss: it
  // cannot be verified. ResourceExhausted: its GOP is over kMaxGopBytes.
  REEL_API static Result<std::unique_ptr<PictureStepper>> Open(Store& store, StreamId stream,
                                                               WallTime time);
  virtual ~PictureStepper() = default;

  virtual const Picture& at() const = 0;

  // Moves by one picture. False, without moving, when there is none. DataLoss when damage lies
  // between, once: the next call goes on behind it.
  virtual Result<bool> Next() = 0;
  virtual Result<bool> Previous() = 0;

  // How to decode the present picture. Begins at its clean point, or at the one before where that
  // is needed: for leading pictures of an open GOP and behind intra refresh.
  virtual Result<PictureSource> Source() = 0;
};

}  // namespace reel
