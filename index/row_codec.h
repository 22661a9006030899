// Values of the small tables: runs, gaps, streams, catalogue, dead serials, progress, format. What
// stands in the key is not repeated in the value. Decoders return DataLoss for bytes that are not
// what the encoder writes, unknown enumerators among them.
//
// Thread rule: functions of their arguments.
#pragma once

#include "index/dead_segments.h"
#include "index/keys.h"

namespace reel {

// Raised whenever a key or value changes its meaning; another version is refused and rebuilt.
inline constexpr uint32_t kIndexFormat = 1;

Bytes EncodeRun(const RunRow& row);
Result<RunRow> DecodeRun(StreamId stream, std::string_view key, ByteSpan value);

Bytes EncodeGap(const GapRow& row);
Result<GapRow> DecodeGap(StreamId stream, std::string_view key, ByteSpan value);

Bytes EncodeStream(const StreamRow& row);
Result<StreamRow> DecodeStream(std::string_view key, ByteSpan value);

Bytes EncodeSegment(const SegmentRow& row);
Result<SegmentRow> DecodeSegment(std::string_view key, ByteSpan value);

Bytes EncodeDead(const SerialRange& range);
Result<SerialRange> DecodeDead(std::string_view key, ByteSpan value);

Bytes EncodeProgress(const VolumeProgress& row);
Result<VolumeProgress> DecodeProgress(VolumeNo volume, ByteSpan value);

Bytes EncodeFormat();
// FailedPrecondition for a version that is not kIndexFormat.
Status CheckFormat(ByteSpan value);

}  // namespace reel
