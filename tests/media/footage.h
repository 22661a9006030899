// Real footage for tests: where it is, and its access units.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/media/nal.h"
#include "reel/unit.h"

namespace reel {

// The whole file; empty if it is neither in tests/data/media nor in the footage kept beside the
// sources, which not every checkout has.
Bytes ReadFootage(const std::string& name);

// Of an Annex B file, by AuSplitter, fed `piece_bytes` at a time.
std::vector<Bytes> SplitUnits(Codec codec, ByteSpan stream, size_t piece_bytes = 4096);

// The first H.264 or H.265 track of an unfragmented MP4 file.
struct Mp4Video {
  Codec codec = Codec::kH264;
  NalFraming framing = NalFraming::kLength4;
  std::vector<Bytes> parameter_sets;
  std::vector<ByteSpan> samples;  // in the file's bytes
};
Mp4Video ReadMp4(ByteSpan file);

}  // namespace reel

// Leaves the test, visibly skipped, where the file is not at hand.
#define REEL_FOOTAGE_OR_SKIP(var, name)                \
  const ::reel::Bytes var = ::reel::ReadFootage(name); \
  if (var.empty()) GTEST_SKIP() << name << " is not in this checkout"
