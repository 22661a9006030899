#include "reel/index.h"

namespace reel {

std::string_view GapCauseName(GapCause cause) {
  switch (cause) {
    case GapCause::kUnknown:
      return "unknown";
    case GapCause::kNotRecorded:
      return "not-recorded";
    case GapCause::kSourceLost:
      return "source-lost";
    case GapCause::kOverload:
      return "overload";
    case GapCause::kDiskError:
      return "disk-error";
    case GapCause::kDiskFull:
      return "disk-full";
    case GapCause::kRecorderDown:
      return "recorder-down";
    case GapCause::kExpired:
      return "expired";
    case GapCause::kVolumeOffline:
      return "volume-offline";
    case GapCause::kDamaged:
      return "damaged";
  }
  return "unknown";
}

Status CheckIndexBatch(const IndexBatch& batch) {
  for (const GopRow& row : batch.gops) {
    if (row.pieces.empty() || row.pieces.size() > kMaxPieces) {
      return InvalidArgument("a GOP of " + std::to_string(row.pieces.size()) + " pieces");
    }
    if (row.end < row.begin) return InvalidArgument("a GOP that ends before it begins");
  }
  for (const RunRow& row : batch.runs) {
    if (row.end < row.begin) return InvalidArgument("a run that ends before it begins");
  }
  for (const GapRow& row : batch.gaps) {
    if (row.end < row.begin) return InvalidArgument("a gap that ends before it begins");
  }
  for (const StreamRow& row : batch.streams) {
    if (row.name.empty() || row.name.size() > 255) {
      return InvalidArgument("a stream name of " + std::to_string(row.name.size()) + " bytes");
    }
  }
  return OkStatus();
}

}  // namespace reel
