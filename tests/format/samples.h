// One fixed value of every stored structure. Golden files, the worked example of docs/FORMAT.md and
// the fuzzers' seeds are made of these; a change of their bytes is a change of the format.
#pragma once

#include <string>
#include <vector>

#include "engine/format/chunk.h"
#include "engine/format/footer.h"
#include "engine/format/ledger_record.h"
#include "engine/format/node_state.h"
#include "engine/format/segment_header.h"
#include "engine/format/superblock.h"
#include "reel/unit.h"

namespace reel::format {

// A UUID whose bytes count up from `first`.
template <class Id>
Id SampleId(uint8_t first) {
  Id id;
  for (size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<uint8_t>(first + i);
  return id;
}

inline constexpr uint64_t kSampleOffset = 8192;  // of the sample chunk in its segment
SegmentUid SampleUid();
SegmentUid OtherUid();

std::vector<TrackInfo> SampleTracks();

// A chunk of given place and content: lengths, CRCs and hash are filled in. `gap_bytes` stay free
// between its head and its payload.
Bytes BuildChunk(ChunkPlace place, ContentHead content, std::vector<UnitEntry> units,
                 const std::vector<Bytes>& payloads, const Bytes& config, uint32_t gap_bytes);
// Two units, a description of one track, a gap of 12 bytes: one block.
Bytes SampleChunk();

// After an edit of its head: makes the header CRC fit again.
void Reseal(Bytes* chunk);

std::vector<ChunkRow> SampleRows();
Bytes SampleFooter();
SegmentHeader SampleSegmentHeader();
Superblock SampleSuperblock();
NodeState SampleNodeState();

struct NamedRecord {
  std::string name;
  LedgerRecord record;
};
std::vector<NamedRecord> SampleLedgerRecords();

struct Golden {
  std::string name;  // of the file, without its ending
  Bytes bytes;       // without the zeros a structure is filled up with
};
// Every structure as this program writes it.
std::vector<Golden> Goldens();

}  // namespace reel::format
