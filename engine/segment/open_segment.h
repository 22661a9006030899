// OpenSegment: the write state of one segment: where the next chunk goes, which have completed, how
// far the segment is durable. It does no I/O; the volume's loop does and tells it.
//
// Thread rule: the loop thread alone.
// Invariants (docs/INVARIANTS.md)
//   O1  A region is given out once in a life; it is a whole number of granules, so no acknowledged
//       byte shares a granule with a later write.
//   O2  seq rises by one with each chunk placed.
//   O3  durable <= completed prefix <= placed, each monotone.
//   O4  durable only moves to what was the completed prefix when a sync that succeeded was
//       submitted.
//   O5  The footer of everything placed fits its room.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/format/footer.h"
#include "engine/format/segment_header.h"
#include "engine/segment/geometry.h"
#include "reel/disk.h"

namespace reel {

// Where one chunk may stand, and with what numbers.
struct Place {
  ChunkSeq seq;
  uint64_t offset_bytes = 0;
  uint64_t extent_base_bytes = 0;
  uint32_t extent_bytes = 0;
};

class OpenSegment {
 public:
  OpenSegment(const format::SegmentHeader& header, std::shared_ptr<File> file);

  const format::SegmentHeader& header() const { return header_; }
  File& file() { return *file_; }
  std::shared_ptr<File> shared_file() const { return file_; }

  // Room for a chunk of `chunk_bytes` (whole granules), or nullopt. `extent_bytes` is how much the
  // run is expected to need from here to its next clean point: more than the chunk itself asks for
  // an extent that later chunks of the run fill, unless the segment takes no new extents.
  // A chunk that starts a GOP opens a new extent; others fill the run's own first.
  std::optional<Place> Take(const RunId& run, bool starts_gop, uint32_t chunk_bytes,
                            uint32_t extent_bytes);

  // Room for chunks of several runs that are written together and fill whole granules together, one
  // behind another; what is left of the last granule stays unused. For volumes whose granule is
  // larger than a block: the caller reports none of them complete before all are. Sizes are whole
  // blocks.
  std::optional<std::vector<Place>> TakeGroup(std::span<const uint32_t> chunk_bytes);

  // The header CRC of chunk `seq`, which the next one's chain value repeats.
  void Chained(uint32_t header_crc32c) { chain_ = header_crc32c; }
  uint32_t chain() const { return chain_; }

  bool half_full() const {
    return 2 * (front_bytes_ - geometry_.data_begin_bytes()) >= geometry_.data_bytes();
  }

  // Whether the run's open extent, which a chunk that starts no GOP goes on in, has room for it.
  bool GoesOn(const RunId& run, uint32_t chunk_bytes) const;

  // No new extents from now on; open ones may still be filled.
  void StopNewExtents() { new_extents_ = false; }
  bool takes_new_extents() const { return new_extents_; }
  // Nothing is placed any more.
  void Close() { closed_ = true; }
  bool closed() const { return closed_; }

  void Completed(ChunkSeq seq);
  // O4: the next successful sync will make this much durable.
  bool WantsSync() const { return !sync_in_flight_ && completed_ > durable_; }
  void SyncSubmitted();
  ChunkSeq SyncSucceeded();  // the new durable seq
  // Nothing more becomes durable here: the caller abandons the segment.
  void SyncFailed() { sync_in_flight_ = false; }
  bool sync_in_flight() const { return sync_in_flight_; }

  ChunkSeq placed() const { return placed_; }
  ChunkSeq durable() const { return durable_; }
  bool all_durable() const { return durable_ == placed_; }
  // Everything placed is durable and has its row.
  bool directory_complete() const { return all_durable() && directory_.count() == placed_.value; }

  // The directory gets its rows in order of seq, when they are durable.
  void AddRow(const format::ChunkRow& row, const ContentId& content_id);
  Bytes EncodeFooter() const;
  const format::DirectoryEncoder& directory() const { return directory_; }

 private:
  struct Region {
    uint64_t base_bytes;
    uint64_t begin_bytes;  // first byte not given out
    uint64_t end_bytes;
    uint64_t room_bytes() const { return end_bytes - begin_bytes; }
  };

  bool FooterFits(uint64_t more_rows) const;
  std::optional<Region> NewRegion(uint64_t chunk_bytes, uint64_t extent_bytes);
  std::optional<Region> TakeHole(uint64_t chunk_bytes);
  void KeepHole(const Region& region);
  Place PlaceIn(Region* region, uint32_t chunk_bytes);

  static constexpr size_t kMaxHoles = 1024;

  format::SegmentHeader header_;
  SegmentGeometry geometry_;
  std::shared_ptr<File> file_;
  uint64_t front_bytes_;                   // nothing at or beyond it was given out
  std::map<RunId, Region> extents_;        // the open extent of each run, at most one
  std::multimap<uint64_t, Region> holes_;  // ends of extents left over, by room; at most kMaxHoles
  bool new_extents_ = true;
  bool closed_ = false;
  uint32_t chain_ = 0;
  ChunkSeq placed_;
  ChunkSeq completed_;  // every seq up to here has completed
  ChunkSeq durable_;
  ChunkSeq sync_covers_;
  bool sync_in_flight_ = false;
  std::deque<bool> done_;  // of seqs completed_ + 1 .. placed_
  format::DirectoryEncoder directory_;
  std::vector<ContentId> content_ids_;
};

}  // namespace reel
