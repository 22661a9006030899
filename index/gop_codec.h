// The value of a `keyframes` row: all GOPs of one run that begin in one minute, ascending by
// (begin, first_unit), in columns of varints, each the difference to what the row before it lets
// expect. A steady camera so costs about a byte a column, and the blocks' compression takes the
// rest.
//
//   count, time unit (ns), place unit, lead unit      a unit divides every value of its columns
//   begin      offset in the minute (ns), then steps, each less the step before
//   gap        next begin - end, less the gap before; for the last row its span
//   flags      a byte each
//   pieces     count - 1 each; then, flat over all rows: volume, serial, offset, length, unit
//              count, less the piece before (the offset: less its end, in the same segment)
//   first unit of each row and of each piece, less where the row or piece before ended
//   lead       less the lead before
//
// Thread rule: functions of their arguments.
#pragma once

#include <vector>

#include "index/keys.h"

namespace reel {

// `rows`: at least one, of that minute, sorted, each with 1..kMaxPieces pieces.
Bytes EncodeMinute(const MinuteId& id, const std::vector<GopRow>& rows);

// DataLoss when the bytes are not what EncodeMinute writes. Takes memory in proportion to the bytes
// given, whatever they say.
Result<std::vector<GopRow>> DecodeMinute(const MinuteId& id, ByteSpan bytes);

}  // namespace reel
