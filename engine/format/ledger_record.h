// Records of the ledger: what footage cannot prove (names, gap causes, ends of runs, receipts,
// where imported footage came from).
// Each is the bytes of one unit of the reserved ledger stream, so chunks, checksums and durability
// are those of footage. Records say the same thing however often they are read; of two records
// about a stream the one with the higher revision rules. A type, version or cause this program does
// not know is kept and copied, never dropped.
#pragma once

#include <variant>

#include "reel/import_row.h"
#include "reel/index.h"
#include "reel/status.h"

namespace reel::format {

// The stream that holds the records; its footage never shows among the cameras'.
inline constexpr StreamId kLedgerStream{
    {'r', 'e', 'e', 'l', '-', 'l', 'e', 'd', 'g', 'e', 'r', 0, 0, 0, 0, 1}};

struct StreamRecord {
  StreamRow row;
  uint64_t revision = 0;
  bool operator==(const StreamRecord&) const = default;
};

// A stream is no longer recorded, or is again; its footage is not touched.
struct RetirementRecord {
  StreamId stream;
  WallTime retired;  // kWallMin: in use again
  uint64_t revision = 0;
  bool operator==(const RetirementRecord&) const = default;
};

// A volume was opened for writing; everything between the last unit before and this is recorder
// down time.
struct SessionRecord {
  VolumeId volume;
  Epoch epoch;
  WallTime opened;
  bool operator==(const SessionRecord&) const = default;
};

// Receipt: a segment left the volume, and what it held.
struct RetiredRecord {
  VolumeId volume;
  SegmentSerial serial;
  SegmentUid uid;
  WallTime begin;
  WallTime end;
  uint32_t chunk_count = 0;
  WallTime retired;
  bool operator==(const RetiredRecord&) const = default;
};

// Of a type, version or cause this program does not know: its bytes as they are.
struct OpaqueRecord {
  Bytes bytes;
  bool operator==(const OpaqueRecord&) const = default;
};

using LedgerRecord = std::variant<StreamRecord, GapRow, RunRow, SessionRecord, RetiredRecord,
                                  ImportRow, RetirementRecord, OpaqueRecord>;

// REQUIRES: a stream's name passes CheckStreamName, an import's texts pass CheckNote.
Bytes EncodeLedgerRecord(const LedgerRecord& record);

// DataLoss: cut off, malformed or zero bytes.
Result<LedgerRecord> DecodeLedgerRecord(ByteSpan bytes);

inline constexpr size_t kMaxNameBytes = 255;

// InvalidArgument says what is wrong with a stream's name: empty, too long, not UTF-8, control
// characters or a slash in it, space at an end.
Status CheckStreamName(std::string_view name);

// InvalidArgument says what is wrong with a text that people wrote, `what` it is: too long, not
// UTF-8, control characters. It may be empty.
Status CheckNote(std::string_view what, std::string_view text);

}  // namespace reel::format
