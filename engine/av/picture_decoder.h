// Decodes pictures of hostile streams: each in a child process of its own that can do nothing else
// (sandbox.h), is held to a time, and whose answer is checked. Whatever the stream does to it, here
// it is an error.
//
// The child is a program that calls RunDecodeChild() and nothing before it that matters: by default
// this one, started anew as "PROGRAM decode-child".
// Thread rule: Decode from any thread, any number at once; each call is one child.
// Bounds: a job's units (picture_job.h), an image of at most kMaxImageSide, `wall_time`.
#pragma once

#include <string>
#include <vector>

#include "engine/av/picture_job.h"
#include "engine/av/sandbox.h"
#include "reel/time.h"

namespace reel {

inline constexpr const char* kDecodeChildVerb = "decode-child";

struct PictureDecoderOptions {
  std::vector<std::string> command = {"/proc/self/exe", kDecodeChildVerb};
  Duration wall_time = std::chrono::seconds(30);
};

class PictureDecoder {
 public:
  explicit PictureDecoder(PictureDecoderOptions options = {}) : options_(std::move(options)) {}

  // The child is gone when this returns. FailedPrecondition: no picture can be had of these units;
  // DeadlineExceeded: not within the time, and ResourceExhausted: not within the memory, that one
  // picture is given; DataLoss: the units broke the decoder, which its confinement ended;
  // Unavailable: no process could be started.
  Result<PictureAnswer> Decode(const PictureJob& job) const;

 private:
  PictureDecoderOptions options_;
};

// The child's whole life: confines itself, reads a job from standard input until its end, writes
// the answer to standard output. The exit code of the process, which has to end with it at once
// (_Exit): what a program does at its end is not among what is allowed.
int RunDecodeChild(const SandboxLimits& limits = {});

}  // namespace reel
