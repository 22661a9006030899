// What goes to and comes from the process that decodes: nothing is believed, and what is taken for
// a job or an answer is one.
#include "engine/av/picture_job.h"
#include "engine/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const reel::ByteSpan bytes = std::as_bytes(std::span(data, size));
  if (const auto job = reel::DecodeJob(bytes); job.ok()) {
    const auto again = reel::EncodeJob(*job);
    REEL_CHECK(again.ok() && std::equal(again->begin(), again->end(), bytes.begin(), bytes.end()),
               "a job has one form");
  }
  constexpr size_t kUnits = 5;
  if (const auto answer = reel::DecodeAnswer(bytes, kUnits); answer.ok()) {
    const reel::Image& image = answer->image;
    REEL_CHECK(answer->rank < kUnits, "a picture of the job's");
    REEL_CHECK(image.planes.size() == reel::Image::SizeBytes(image.width, image.height), "whole");
  }
  return 0;
}
