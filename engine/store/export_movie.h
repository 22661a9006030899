// ExportMovie: a stretch of units as a movie: when each is shown, which sample entry describes it,
// what is hidden.
//
// Thread rule: pure function. What reel/export.h says of time holds here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/media/mp4_movie.h"
#include "engine/store/export_scan.h"

namespace reel {

struct ExportMovie {
  // Where a sample's bytes are, and what the index says of it.
  struct Source {
    uint32_t chunk = 0;   // in ExportInfo::chunks
    uint32_t crc32c = 0;  // of the unit
    uint16_t index = 0;   // of the unit in it
    uint8_t skip_bytes = 0;
    uint8_t flags = 0;  // UnitFlag
    bool shown = true;
  };

  Mp4Movie movie;
  std::vector<Source> sources;    // one per sample
  std::vector<TrackInfo> tracks;  // one per track of the movie
  std::vector<int64_t> zeros;     // per track: the file's time 0 in the sample's times
  std::vector<std::string> notes;
  std::string media_type;
  WallRange given;  // of what is shown
};

// FailedPrecondition: a video track has no parameter sets; there is no track that MP4 has a place
// for.
Result<ExportMovie> MakeExportMovie(const ExportStretch& stretch,
                                    std::span<const ExportConfig> configs,
                                    const ExportOptions& options);

}  // namespace reel
