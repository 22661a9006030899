// Sources of a reeld as rows: for people, and as JSON (docs/COMMAND.md).
//
// Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/client/camera_list.h"
#include "tools/print.h"

namespace reel {

// How long until a volume has to recycle its oldest footage, at the rates of the sources that
// record to it now; zero where it is full. Nothing of one that no rate is known of.
std::optional<Duration> UntilRecycling(const VolumeInfo& volume,
                                       const std::vector<server::ListedSource>& sources);

struct SourceTable {
  std::vector<server::ListedSource> sources;
  std::vector<VolumeInfo> volumes;  // empty: the caller may not see them
  bool only_troubled = false;       // the others are not shown, but count for the disks
};

Json TableJson(const SourceTable& table);

// A line of names, one per source and a sum; the ones in trouble first. No line is longer than
// `columns`, and with `most_lines` what does not fit is counted.
std::vector<std::string> TableLines(const SourceTable& table, WallTime now, size_t columns,
                                    size_t most_lines);

}  // namespace reel
