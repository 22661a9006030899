#include "reel/index.h"

#include <limits>

namespace reel {
namespace {

// Kept free so that one past any serial is a serial.
constexpr SegmentSerial kNoSerial{std::numeric_limits<uint64_t>::max()};

Status CheckGop(const GopRow& row) {
  if (row.pieces.empty() || row.pieces.size() > kMaxPieces) {
    return InvalidArgument("a GOP of " + std::to_string(row.pieces.size()) + " pieces");
  }
  if (row.end < row.begin) return InvalidArgument("a GOP that ends before it begins");
  for (const Piece& piece : row.pieces) {
    if (piece.serial == kNoSerial) return InvalidArgument("a piece in segment 2^64-1");
  }
  return OkStatus();
}

}  // namespace

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
    case GapCause::kLoginRefused:
      return "login-refused";
    case GapCause::kSourceStalled:
      return "source-stalled";
    case GapCause::kPacketsLost:
      return "packets-lost";
    case GapCause::kOffSchedule:
      return "off-schedule";
  }
  return "unknown";
}

Status CheckIndexBatch(const IndexBatch& batch) {
  for (const GopRow& row : batch.gops) REEL_RETURN_IF_ERROR(CheckGop(row));
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
  for (const SegmentRow& row : batch.segments) {
    if (row.serial == kNoSerial) return InvalidArgument("segment 2^64-1");
  }
  return OkStatus();
}

}  // namespace reel
