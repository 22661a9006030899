// What goes between a process that wants a picture and the confined one that decodes it.
//
//   job     head, parameter sets, then each unit: rank, size, bytes
//   answer  head, then a message (code is not kOk) or the planes of an Image
//
// Both sides check all of it: the one that decodes is taken for hostile once it has touched a
// camera's bytes. Integers are in the machine's own order, as both are the same program.
// Thread rule: pure functions and plain values.
#pragma once

#include <vector>

#include "engine/av/image.h"
#include "reel/status.h"
#include "reel/unit.h"

namespace reel {

inline constexpr size_t kMaxJobUnits = 1U << 16;
inline constexpr size_t kMaxJobBytes = 600U << 20;  // two of the largest GOPs
inline constexpr size_t kMaxAnswerText = 1024;

// Units of one video track in decode order; the wanted picture's is the last.
struct PictureJob {
  struct Coded {
    uint32_t rank = 0;  // position in order of presentation
    ByteSpan bytes;     // NAL units behind 4-byte lengths
  };
  Codec codec = Codec::kH264;
  ByteSpan parameter_sets;
  std::vector<Coded> units;
  uint32_t width = 0;  // of the answer, even; height follows; 0: as large as it is, within bounds
};

struct PictureAnswer {
  uint32_t rank = 0;       // of the picture decoded: the wanted one or the nearest before
  bool concealed = false;  // parts could not be decoded and are made up
  Image image;
};

struct JobHead {
  uint32_t magic = 0;
  uint32_t codec = 0;
  uint32_t unit_count = 0;
  uint32_t width = 0;
  uint32_t parameter_sets_bytes = 0;
};
struct JobUnitHead {
  uint32_t rank = 0;
  uint32_t size_bytes = 0;
};
struct AnswerHead {
  uint32_t magic = 0;
  uint32_t code = 0;
  uint32_t rank = 0;
  uint32_t concealed = 0;
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t size_bytes = 0;  // of the text or planes behind
};
inline constexpr uint32_t kJobMagic = 0x4A4F4252;     // "RBOJ"
inline constexpr uint32_t kAnswerMagic = 0x534E4152;  // "RANS"

// InvalidArgument: no units, or beyond the bounds above.
Result<Bytes> EncodeJob(const PictureJob& job);
// Views into `bytes`. InvalidArgument for whatever EncodeJob does not make.
Result<PictureJob> DecodeJob(ByteSpan bytes);

Bytes EncodeAnswer(const Result<PictureAnswer>& answer);
// The answer, or the error it holds. Internal: not an answer to a job of `unit_count` units.
Result<PictureAnswer> DecodeAnswer(ByteSpan bytes, size_t unit_count);

}  // namespace reel
