// A segment file in words: its header, then its footer or, when it was not sealed, what salvage
// finds. Reads only, the whole file at most. Thread rule: pure functions of what is on disk.
#pragma once

#include <string>

#include "reel/disk.h"
#include "tools/print.h"

namespace reel {

// `granule_bytes` is used only when the first copy of the header cannot be read.
// DataLoss: neither copy can. FailedPrecondition: newer format.
Result<Json> InspectSegment(Disk& disk, const std::string& name, uint32_t granule_bytes,
                            bool chunks);

// One row of a volume's list: header and footer, without looking for chunks. What is wrong is in
// it.
Json SegmentSummary(Disk& disk, const std::string& name, uint32_t granule_bytes);

}  // namespace reel
