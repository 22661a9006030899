#include "engine/segment/open_segment.h"

#include <utility>

#include "engine/base/check.h"

namespace reel {

OpenSegment::OpenSegment(const format::SegmentHeader& header, std::shared_ptr<File> file)
    : header_(header),
      geometry_{header.segment_bytes, header.granule_bytes},
      file_(std::move(file)),
      front_bytes_(geometry_.data_begin_bytes()) {
  REEL_CHECK(header.state == format::LifeState::kInUse, "chunks go into a life only");
  REEL_CHECK(geometry_.footer_offset_bytes() == header.footer_offset_bytes,
             "one rule for the footer's place");
}

std::optional<Place> OpenSegment::Take(const RunId& run, bool starts_gop, uint32_t chunk_bytes,
                                       uint32_t extent_bytes) {
  REEL_CHECK(chunk_bytes != 0 && chunk_bytes % header_.granule_bytes == 0, "O1: whole granules");
  if (closed_ || !FooterFits(1)) return std::nullopt;
  const auto own = extents_.find(run);
  if (own != extents_.end()) {
    if (!starts_gop && own->second.room_bytes() >= chunk_bytes)
      return PlaceIn(&own->second, chunk_bytes);
    KeepHole(own->second);
    extents_.erase(own);
  }
  // What other GOPs left over first: packed chunks fill it, and a small GOP may fit in whole.
  const bool packed = extent_bytes <= chunk_bytes;
  std::optional<Region> region = TakeHole(packed ? chunk_bytes : extent_bytes);
  if (region && packed) {
    const Place place = PlaceIn(&*region, chunk_bytes);
    KeepHole(*region);
    return place;
  }
  // A GOP that would be torn here fits whole into the segment that takes new extents.
  if (!region && starts_gop && !packed && !new_extents_) return std::nullopt;
  if (!region) region = NewRegion(chunk_bytes, extent_bytes);
  if (!region) return std::nullopt;
  const Place place = PlaceIn(&*region, chunk_bytes);
  if (region->room_bytes() != 0) extents_.emplace(run, *region);
  return place;
}

bool OpenSegment::GoesOn(const RunId& run, uint32_t chunk_bytes) const {
  const auto own = extents_.find(run);
  return own != extents_.end() && own->second.room_bytes() >= chunk_bytes;
}

std::optional<std::vector<Place>> OpenSegment::TakeGroup(std::span<const uint32_t> chunk_bytes) {
  uint64_t total = 0;
  for (const uint32_t size : chunk_bytes) total += size;
  if (closed_ || !new_extents_ || !FooterFits(chunk_bytes.size())) return std::nullopt;
  if (geometry_.footer_offset_bytes() - front_bytes_ < RoundUp(total, header_.granule_bytes))
    return std::nullopt;
  std::optional<Region> region = NewRegion(total, total);
  std::vector<Place> places;
  for (const uint32_t size : chunk_bytes) places.push_back(PlaceIn(&*region, size));
  return places;
}

bool OpenSegment::FooterFits(uint64_t more_rows) const {
  const uint64_t rows_to_come = placed_.value + more_rows - directory_.count();
  return directory_.footer_bytes() + rows_to_come * format::DirectoryEncoder::kRowBytesMax <=
         geometry_.footer_room_bytes();
}

std::optional<OpenSegment::Region> OpenSegment::NewRegion(uint64_t chunk_bytes,
                                                          uint64_t extent_bytes) {
  if (!new_extents_) return TakeHole(chunk_bytes);
  const uint64_t room = geometry_.footer_offset_bytes() - front_bytes_;
  if (room < chunk_bytes) return TakeHole(chunk_bytes);
  const uint64_t wanted = RoundUp(std::max(chunk_bytes, extent_bytes), header_.granule_bytes);
  const uint64_t size = std::min(wanted, room);
  const Region region{front_bytes_, front_bytes_, front_bytes_ + size};
  front_bytes_ += size;
  return region;
}

std::optional<OpenSegment::Region> OpenSegment::TakeHole(uint64_t chunk_bytes) {
  const auto at = holes_.lower_bound(chunk_bytes);
  if (at == holes_.end()) return std::nullopt;
  Region region = at->second;
  region.base_bytes = region.begin_bytes;
  holes_.erase(at);
  return region;
}

void OpenSegment::KeepHole(const Region& region) {
  if (region.room_bytes() == 0) return;
  if (region.end_bytes == front_bytes_) {
    front_bytes_ = region.begin_bytes;  // the last extent given out: its end is front again
    return;
  }
  if (holes_.size() == kMaxHoles) {
    if (holes_.begin()->first >= region.room_bytes()) return;
    holes_.erase(holes_.begin());
  }
  holes_.emplace(region.room_bytes(), region);
}

Place OpenSegment::PlaceIn(Region* region, uint32_t chunk_bytes) {
  REEL_CHECK(region->room_bytes() >= chunk_bytes, "O1: a chunk stays in its region");
  placed_ = {placed_.value + 1};
  done_.push_back(false);
  Place place;
  place.seq = placed_;
  place.offset_bytes = region->begin_bytes;
  place.extent_base_bytes = region->base_bytes;
  place.extent_bytes = static_cast<uint32_t>(region->end_bytes - region->base_bytes);
  region->begin_bytes += chunk_bytes;
  return place;
}

void OpenSegment::Completed(ChunkSeq seq) {
  REEL_CHECK(seq > completed_ && seq <= placed_, "O3: completed after placed, once");
  done_[seq.value - completed_.value - 1] = true;
  while (!done_.empty() && done_.front()) {
    done_.pop_front();
    completed_ = {completed_.value + 1};
  }
}

void OpenSegment::SyncSubmitted() {
  REEL_CHECK(!sync_in_flight_, "one sync per segment in flight");
  sync_in_flight_ = true;
  sync_covers_ = completed_;
}

ChunkSeq OpenSegment::SyncSucceeded() {
  REEL_CHECK(sync_in_flight_ && sync_covers_ >= durable_, "O4");
  sync_in_flight_ = false;
  durable_ = sync_covers_;
  return durable_;
}

void OpenSegment::AddRow(const format::ChunkRow& row, const ContentId& content_id) {
  REEL_CHECK(row.seq.value == directory_.count() + 1 && row.seq <= durable_,
             "directory rows are durable and in order");
  directory_.Append(row);
  content_ids_.push_back(content_id);
}

Bytes OpenSegment::EncodeFooter() const {
  REEL_CHECK(directory_complete(), "S2: a footer names durable chunks only, and all of them");
  format::FooterHead head;
  head.retention_class = header_.retention_class;
  head.uid = header_.uid;
  head.serial = header_.serial;
  head.epoch = header_.epoch;
  return directory_.Encode(head, content_ids_);
}

}  // namespace reel
