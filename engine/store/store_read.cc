// Reading through the facade, and what it says of itself.
#include <algorithm>

#include "engine/store/absence.h"
#include "engine/store/cursor.h"
#include "engine/store/seek.h"
#include "engine/store/store_impl.h"
#include "engine/store/timeline.h"
#include "engine/store/virtual_mp4.h"

namespace reel {
namespace {

std::string HealthName(const VolumeSlot& slot) {
  if (!slot.away.ok()) return "away: " + slot.away.message();
  if (!slot.volume) return "read-only";
  switch (slot.volume->health()) {
    case VolumeHealth::kGood:
      return "good";
    case VolumeHealth::kSuspect:
      return "suspect";
    case VolumeHealth::kStalled:
      return "stalled";
    case VolumeHealth::kOffline:
      return "offline";
  }
  return "unknown";
}

}  // namespace

Result<SeekPoint> StoreImpl::Seek(StreamId stream, WallTime time, SeekRule rule) {
  return SeekIn(*this, stream, time, rule);
}

std::vector<StreamMoment> StoreImpl::SeekAll(const std::vector<StreamId>& streams, WallTime time,
                                             SeekRule rule) {
  std::vector<StreamMoment> moments;
  for (const StreamId& stream : streams) moments.push_back(MomentIn(*this, stream, time, rule));
  return moments;
}

Result<std::optional<Absence>> StoreImpl::WhyNothing(StreamId stream, WallTime time) {
  return AbsenceIn(*this, stream, time);
}

Result<std::unique_ptr<Cursor>> StoreImpl::Read(StreamId stream, const CursorOptions& options) {
  return OpenCursor(*this, stream, options);
}

Result<Timeline> StoreImpl::GetTimeline(StreamId stream, WallRange range, Bucket bucket) {
  return TimelineIn(*this, stream, range, bucket);
}

Result<std::vector<std::unique_ptr<VirtualMp4>>> StoreImpl::OpenExport(
    StreamId stream, const ExportOptions& options) {
  const std::optional<format::StreamRecord> known = KnownStream(stream);
  if (!known) return NotFound("no stream " + ToString(stream));
  return OpenVirtualMp4s(*this, stream, known->row.name, options);
}

std::vector<VolumeInfo> StoreImpl::Volumes() {
  std::vector<VolumeInfo> volumes;
  for (const std::unique_ptr<VolumeSlot>& slot : volumes_) {
    VolumeInfo info;
    info.number = slot->node.number;
    info.id = slot->node.id;
    info.path = slot->node.path;
    info.state = HealthName(*slot);
    info.engine = slot->volume ? slot->volume->facts().engine : "";
    info.placement = slot->superblock.placement == format::Placement::kGop ? "gop" : "log";
    info.segment_bytes = slot->superblock.segment_bytes;
    info.segments_max = slot->superblock.segment_count_max;
    info.segments_in_use =
        slot->pool() != nullptr ? static_cast<uint32_t>(slot->pool()->Lives().size()) : 0;
    info.granule_bytes = slot->superblock.granule_bytes;
    info.epoch = slot->superblock.epoch.value;
    volumes.push_back(std::move(info));
  }
  return volumes;
}

Result<std::vector<SegmentRow>> StoreImpl::Segments(VolumeNo volume) {
  return index_->Segments(volume);
}

StoreCounters StoreImpl::counters() {
  StoreCounters counters;
  counters.units_accepted = units_accepted_ended_;
  counters.bytes_accepted = bytes_accepted_ended_;
  counters.units_shed = units_shed_ended_;
  counters.units_resent = units_resent_ended_;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [stream, runs] : runs_) {
      for (const std::shared_ptr<ActiveRun>& run : runs) {
        counters.units_accepted += run->buffer->units_accepted();
        counters.bytes_accepted += run->buffer->bytes_accepted();
        counters.units_shed += run->buffer->units_shed();
        counters.units_resent += run->buffer->units_resent();
      }
    }
  }
  counters.units_durable = units_durable_;
  counters.bytes_durable = bytes_durable_;
  counters.acknowledgement = acknowledgement_.Counts();
  counters.chunks_written = chunks_written_;
  counters.chunk_bytes_written = chunk_bytes_written_;
  counters.segments_recycled = segments_recycled_;
  counters.segments_salvaged = segments_salvaged_;
  counters.acknowledged_chunks_lost = acknowledged_lost_;
  counters.buffer_bytes_in_use = buffers_ ? buffers_->in_use_bytes() : 0;
  counters.reads_refused_damaged = reads_damaged_;
  return counters;
}

}  // namespace reel
