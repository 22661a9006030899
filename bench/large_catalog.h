// What a restart costs on a volume of very many segments, simulated: a hundred thousand of 1 GiB
// are 100 TB.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "reel/status.h"

namespace reel::bench {

// A simulated node whose volume has `segments` sealed segments of which the index knows, and whose
// store is gone in the middle of recording. It is opened again, records, and what was acknowledged
// before is read. Sizes and times of that:
//   segments, cpu_open_s, opened_s, recording_s, read_s
// cpu_open_s is this machine's; the others are simulated time, in which the heads of the segments
// are read one after the other from a disk that takes 80 us each; a store with threads reads 16
// side by side. DataLoss where anything acknowledged is missing.
//
// The segments are heads alone: after a kill an opening looks at nothing else of those that the
// index knows whole. Memory: 33 KiB each.
Result<nlohmann::json> ReopenLargeCatalog(uint32_t segments);

}  // namespace reel::bench
