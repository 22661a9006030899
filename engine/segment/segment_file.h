// Reading and changing the fixed parts of one segment file. All calls block and are for
// maintenance, opening and salvage, never for the recording loop.
//
// Invariants (docs/INVARIANTS.md)
//   S1  The two copies of block 0 are never both in doubt; the one that is sure is written last:
//       after the other has been synced.
//   S2  A footer is written once in a life, after every chunk it names is durable.
#pragma once

#include <optional>

#include "engine/format/footer.h"
#include "engine/format/segment_header.h"
#include "reel/disk.h"

namespace reel {

// What block 0 of a segment file says.
struct LifeReading {
  enum class Kind : uint8_t {
    kUnused,   // never held a life: as the file was created, or a crash hit the first writing
    kKnown,    // `header` rules
    kDamaged,  // neither copy can be read: not a crash's doing
  };
  Kind kind = Kind::kUnused;
  format::SegmentHeader header;
};

// Errors: the read's own, when the other copy does not rule; FailedPrecondition for a newer format.
Result<LifeReading> ReadLife(File& file, uint32_t granule_bytes);

// Durable on return: both copies say `header`. On failure at least one copy is whole, old or new,
// and an older life than the one that ruled does not come back (S1).
//
// `in_doubt` is the offset of the copy that the writing before left in doubt, and then of the one
// that this does: behind a failed sync it can be read and may never be durable, so that the other
// one is all there is, and the next writing, of a higher generation, begins with the one in doubt.
Status WriteLife(File& file, const format::SegmentHeader& header,
                 std::optional<uint64_t>* in_doubt);

// The footer of the life `header` describes; nullopt if there is none or it cannot be verified,
// which both mean: salvage. Errors: the read's own; FailedPrecondition for a newer format.
Result<std::optional<format::Footer>> ReadFooter(File& file, const format::SegmentHeader& header);

// Durable on return. `footer` as DirectoryEncoder::Encode made it.
Status WriteFooter(File& file, const format::SegmentHeader& header, ByteSpan footer);

}  // namespace reel
