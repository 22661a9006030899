// Exports a range of one stream to an MP4 file: no picture is coded anew, missing time stays
// missing.
//
// The file begins at the clean point at or before the range, since nothing else can be decoded. It
// is there whole or not at all; damage on the way leaves a file of what is sound, and is reported.
// Thread rule: pure function of its arguments.
#pragma once

#include <string>
#include <vector>

#include "reel/store.h"
#include "tools/interrupt.h"

namespace reel {

struct ExportRequest {
  StreamId stream;
  WallRange range;
  std::string path;
  bool replace = false;
};

struct ExportReport {
  WallRange range;  // of the first and the last unit written
  uint64_t units = 0;
  uint64_t bytes = 0;
  uint32_t runs = 0;
  std::vector<GapRow> gaps;         // between `range`'s ends
  std::vector<std::string> damage;  // what could not be verified and is not in the file
  std::vector<std::string> notes;   // what else is not in the file
};

// NotFound: no footage in the range. FailedPrecondition: the codec changes within it, naming when.
// Cancelled: stopped by a signal, nothing written.
Result<ExportReport> Export(Store& store, const ExportRequest& request, const Interrupt& interrupt);

}  // namespace reel
