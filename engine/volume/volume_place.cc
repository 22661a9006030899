// Placing: from chunks that wait to writes in flight.
#include <algorithm>
#include <set>

#include "engine/base/check.h"
#include "engine/volume/volume.h"

namespace reel {
namespace {

constexpr size_t kSegmentsTakingMax = 2;
constexpr size_t kGroupChunksMax = 64;

}  // namespace

// Chunks of one class, from the one at `begin` of the line on, that are written as one group: one
// where the granule is a block, else as many as are waiting, so that whole granules fill up.
size_t Volume::GroupSize(size_t begin) const {
  if (superblock_.granule_bytes == format::kChunkAlignBytes) return 1;
  const auto room = std::min<size_t>(
      {waiting_.size() - begin, kGroupChunksMax, options_.queue_depth - writes_in_flight_});
  const ClassId retention_class = waiting_[begin]->retention_class;
  size_t count = 0;
  uint64_t bytes = 0;
  while (count < room && waiting_[begin + count]->retention_class == retention_class) {
    bytes += waiting_[begin + count]->block_bytes();
    if (bytes > chunk_bytes_max()) break;
    ++count;
  }
  return std::max<size_t>(count, 1);
}

// A class without room holds up nobody else: footage may be waiting for a file that waits for its
// receipt, which stands in a ledger chunk further back in the line.
bool Volume::PlaceWaiting(MonoTime now) {
  std::set<ClassId> placed;
  std::set<ClassId> without_room;
  size_t at = 0;
  while (at < waiting_.size() && writes_in_flight_ < options_.queue_depth) {
    const ClassId retention_class = waiting_[at]->retention_class;
    if (without_room.contains(retention_class)) {
      ++at;
      continue;
    }
    const auto begin = waiting_.begin() + static_cast<ptrdiff_t>(at);
    const auto end = begin + static_cast<ptrdiff_t>(GroupSize(at));
    if (PlaceGroup(std::vector<ChunkPtr>(begin, end), now)) {
      waiting_.erase(begin, end);
      placed.insert(retention_class);
    } else {
      without_room.insert(retention_class);
    }
  }
  const bool all_move = std::all_of(without_room.begin(), without_room.end(),
                                    [&](ClassId c) { return placed.contains(c); });
  if (!placed.empty() && all_move) waiting_since_ = now;
  return !placed.empty();
}

bool Volume::PlaceGroup(std::span<const ChunkPtr> chunks, MonoTime now) {
  const ClassId retention_class = chunks.front()->retention_class;
  const PendingChunk& first = *chunks.front();
  const bool goes_on = (first.row.flags & format::kContentClean) == 0;
  // A GOP is not torn for a hole in an older segment.
  for (Active* active : taking_[retention_class]) {
    const bool own = goes_on && active->segment->GoesOn(first.row.run, first.block_bytes());
    if (own && active->failure.ok() && PlaceIn(active, chunks, now)) return true;
  }
  for (Active* active : taking_[retention_class]) {
    if (active->failure.ok() && PlaceIn(active, chunks, now)) return true;
  }
  if (!OpenAnother(retention_class)) {
    if (starving_.exchange(false)) CloseTaking();
    return false;
  }
  REEL_CHECK(PlaceIn(taking_[retention_class].back(), chunks, now),
             "a new segment holds any chunk");
  return true;
}

bool Volume::PlaceIn(Active* active, std::span<const ChunkPtr> chunks, MonoTime now) {
  std::vector<Place> places;
  if (superblock_.granule_bytes == format::kChunkAlignBytes) {
    const PendingChunk& chunk = *chunks.front();
    const bool gop = superblock_.placement == format::Placement::kGop;
    const std::optional<Place> place =
        active->segment->Take(chunk.row.run, (chunk.row.flags & format::kContentClean) != 0,
                              chunk.block_bytes(), gop ? chunk.extent_hint_bytes : 0);
    if (!place) return false;
    places.push_back(*place);
  } else {
    std::vector<uint32_t> sizes;
    for (const ChunkPtr& chunk : chunks) sizes.push_back(chunk->block_bytes());
    std::optional<std::vector<Place>> taken = active->segment->TakeGroup(sizes);
    if (!taken) return false;
    places = std::move(*taken);
  }
  const auto group = std::make_shared<Group>();
  for (size_t i = 0; i < chunks.size(); ++i) {
    FillPlace(active, chunks[i].get(), places[i]);
    active->not_durable.push_back(chunks[i]);
    ++group->writes_left;
    ++active->writes_in_flight;
    ++writes_in_flight_;
    IoRequest request;
    request.kind = IoKind::kWrite;
    request.file = &active->segment->file();
    request.offset_bytes = chunks[i]->row.offset_bytes;
    request.data = chunks[i]->buffer.data();
    request.length_bytes = chunks[i]->row.chunk_bytes;
    Submit({active, chunks[i], group, IoTransfer(request), now});
  }
  if (!active->next_wanted && active->segment->half_full()) {
    active->next_wanted = true;
    WantSpare(active->segment->header().retention_class, Want::kAhead);
  }
  return true;
}

void Volume::WantSpare(ClassId retention_class, Want want) {
  const std::lock_guard lock(mutex_);
  wanted_spares_[retention_class] = want;
}

void Volume::FillPlace(Active* active, PendingChunk* chunk, const Place& place) {
  const format::SegmentHeader& header = active->segment->header();
  const uint32_t chunk_bytes = chunk->block_bytes();
  REEL_CHECK(chunk_bytes <= chunk->buffer.size_bytes(),
             "a chunk's buffer has room for its padding");
  std::byte* bytes = chunk->buffer.data();

  auto content = format::Load<format::ContentHead>(
      {bytes + format::kContentOffset, sizeof(format::ContentHead)});
  if (content.origin_uid.is_nil()) {
    content.origin_uid = header.uid;
    content.origin_epoch = header.epoch;
    content.origin_seq = place.seq;
    format::Store(content, bytes + format::kContentOffset);
  }
  format::ChunkPlace wire;
  wire.segment_uid = header.uid;
  wire.epoch = header.epoch;
  wire.seq = place.seq;
  wire.durable_seq = active->segment->durable();
  wire.chain = active->segment->chain();
  wire.offset_bytes = place.offset_bytes;
  wire.extent_base_bytes = place.extent_base_bytes;
  wire.extent_bytes = place.extent_bytes;
  wire.chunk_bytes = chunk_bytes;
  wire.content_bytes = chunk->content_bytes;
  wire.head_bytes = chunk->head_bytes;
  wire.retention_class = header.retention_class;
  format::Store(wire, bytes);
  const uint32_t content_end = format::kContentOffset + chunk->content_bytes;
  std::fill(bytes + content_end, bytes + chunk_bytes, std::byte{0});
  active->segment->Chained(format::SealHead(bytes, chunk->head_bytes, header.uid));

  chunk->row.seq = place.seq;
  chunk->row.offset_bytes = place.offset_bytes;
  chunk->row.chunk_bytes = chunk_bytes;
  chunk->volume = options_.number;
  chunk->serial = header.serial;
}

void Volume::Submit(InFlight in_flight) {
  const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                 [](const InFlight& s) { return s.active == nullptr; });
  REEL_CHECK(slot != slots_.end(), "a slot for each request within the depth");
  *slot = std::move(in_flight);
  SubmitSlot(static_cast<size_t>(slot - slots_.begin()));
}

void Volume::SubmitSlot(size_t slot) {
  IoRequest request = slots_[slot].transfer->request();
  request.tag = slot;
  REEL_CHECK(queue_->Submit(request), "the queue is as deep as the slots");
}

// Another segment for the class: from the spares, prepared ahead. With two taking already, the
// older one's extents are cut. False: no spare yet, the chunks wait.
bool Volume::OpenAnother(ClassId retention_class) {
  std::optional<SegmentPool::Spare> spare = pool_->TakeSpare(retention_class);
  WantSpare(retention_class, spare ? Want::kNot : Want::kAtOnce);
  if (!spare) return false;
  starving_ = false;
  std::vector<Active*>& taking = taking_[retention_class];
  if (!taking.empty()) taking.back()->segment->StopNewExtents();
  const bool log_placement = superblock_.placement == format::Placement::kLog;
  while (taking.size() >= (log_placement ? size_t{1} : kSegmentsTakingMax)) {
    taking.front()->segment->Close();
    taking.erase(taking.begin());
  }
  auto active = std::make_unique<Active>();
  active->segment = std::make_unique<OpenSegment>(spare->header, std::move(spare->file));
  taking.push_back(active.get());
  active_.push_back(std::move(active));
  client_.OnSegment(RowFor(spare->header, SegmentState::kOpen), {});
  return true;
}

// Only what is sealed is recycled, and a full segment is closed when the next one opens. With every
// other file taken that would be never. The ledger's stays open: it is what copying the ledger
// forward, which frees its older segments, writes to.
void Volume::CloseTaking() {
  for (auto& [retention_class, taking] : taking_) {
    if (retention_class == kLedgerClass) continue;
    for (Active* active : taking) active->segment->Close();
    taking.clear();
  }
}

}  // namespace reel
