#include "engine/store/run_buffer.h"

#include <algorithm>
#include <limits>

#include "engine/base/check.h"
#include "engine/format/track_config.h"

namespace reel {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr uint64_t kMaxChunkPayload = 8U << 20;
// Each chunk is padded to a block and has a head: half a block of either. Where an interval brings
// less than this, up to three more are waited for, a second in all, so that low-rate streams do not
// write mostly padding.
constexpr uint64_t kSmallChunkBytes = 32U << 10;
constexpr int kSmallChunkIntervals = 3;
constexpr Duration kSmallChunkWait = std::chrono::seconds(1);

// How much longer than to the end of its interval a small chunk may wait.
Duration SmallChunkDelay(Duration interval) {
  return std::clamp(kSmallChunkWait - interval, Duration{0}, kSmallChunkIntervals * interval);
}

// Times are kept to the microsecond: that is what a unit's entry holds.
WallTime ToMicroseconds(WallTime t) { return {t.ns - ((t.ns % 1000) + 1000) % 1000}; }

// A row without its place, which the loop of a volume may be changing.
format::ChunkRow ContentOf(const format::ChunkRow& row) {
  format::ChunkRow content;
  content.stream = row.stream;
  content.run = row.run;
  content.first_unit = row.first_unit;
  content.unit_count = row.unit_count;
  content.wall_begin = row.wall_begin;
  content.wall_end = row.wall_end;
  content.flags = row.flags;
  content.lead_bytes = row.lead_bytes;
  return content;
}

uint16_t ContentFlags(uint8_t unit_flags) {
  uint16_t flags = 0;
  if ((unit_flags & kUnitClean) != 0) flags |= format::kContentClean;
  if ((unit_flags & kUnitOpenGop) != 0) flags |= format::kContentOpenGop;
  if ((unit_flags & kUnitIntraRefresh) != 0) flags |= format::kContentIntraRefresh;
  return flags;
}

}  // namespace

RunBuffer::RunBuffer(const Identity& identity, const Limits& limits, BufferPool& pool)
    : identity_(identity), limits_(limits), pool_(pool), due_ns_(kNever) {}

Status RunBuffer::SetTracks(const std::vector<TrackInfo>& tracks) {
  REEL_ASSIGN_OR_RETURN(Bytes encoded, format::EncodeTracks(tracks));
  const std::lock_guard lock(mutex_);
  config_hash_ = format::ConfigHash(encoded);
  tracks_ = std::make_shared<const Bytes>(std::move(encoded));
  track_ids_.clear();
  has_video_ = false;
  for (const TrackInfo& track : tracks) {
    track_ids_.push_back(track.id);
    has_video_ |= track.kind == TrackKind::kVideo;
  }
  return OkStatus();
}

void RunBuffer::AddKnown(UnitNumber begin, UnitNumber end) {
  const std::lock_guard lock(mutex_);
  for (IntervalSet* known : {&accepted_, &written_, &durable_})
    known->Insert(begin.value, end.value);
}

Status RunBuffer::CheckUnit(const UnitView& unit) const {
  if (ended_) return FailedPrecondition("the run has ended");
  if (unit.bytes.empty()) return InvalidArgument("a unit of no bytes");
  if (unit.bytes.size() > UnitBytesMax()) {
    return InvalidArgument("a unit of " + std::to_string(unit.bytes.size()) +
                           " bytes, the bound with these segments is " +
                           std::to_string(UnitBytesMax()));
  }
  if (std::find(track_ids_.begin(), track_ids_.end(), unit.track) == track_ids_.end()) {
    return InvalidArgument("the run has no track " + std::to_string(unit.track.value));
  }
  return OkStatus();
}

WallTime RunBuffer::KeptWall(UnitNumber number, const UnitView& unit) const {
  const WallTime wall = ToMicroseconds(unit.wall);
  const bool follows = last_number_ && number.value == last_number_->value + 1;
  return follows ? std::max(wall, last_wall_) : wall;
}

Status RunBuffer::Append(UnitNumber number, const UnitView& unit, AppendMode mode, MonoTime now,
                         bool* full) {
  *full = false;
  const std::lock_guard lock(mutex_);
  REEL_RETURN_IF_ERROR(CheckUnit(unit));
  if (accepted_.contains(number.value)) {
    units_resent_.fetch_add(1, std::memory_order_relaxed);
    return OkStatus();
  }
  const WallTime wall = KeptWall(number, unit);
  const bool may_restart = !has_video_ || (unit.flags & kUnitClean) != 0;
  if (shedding_ && mode == AppendMode::kLive && !may_restart) return ShedUnit(unit, wall);
  if (MustStartChunk(number, unit, wall) && !StartChunk(number, unit, wall, now)) {
    if (mode == AppendMode::kLive) return ShedUnit(unit, wall);
    *full = true;
    return ResourceExhausted("no room for the unit now");
  }
  shed_done_.reserve(shed_done_.size() + 1);  // behind Insert nothing may fail
  if (!accepted_.Insert(number.value, number.value + 1)) {
    return ResourceExhausted("the run has more than " + std::to_string(IntervalSet::kMaxIntervals) +
                             " holes");
  }
  EndShed(wall);
  builder_->Add(unit, wall);
  last_number_ = number;
  last_wall_ = wall;
  units_accepted_.fetch_add(1, std::memory_order_relaxed);
  bytes_accepted_.fetch_add(unit.bytes.size(), std::memory_order_relaxed);
  UpdateDue();
  return OkStatus();
}

bool RunBuffer::MustStartChunk(UnitNumber number, const UnitView& unit, WallTime wall) const {
  return !builder_ || (unit.flags & kUnitClean) != 0 || builder_->next_unit() != number ||
         builder_->spec().tracks != tracks_ || !builder_->Fits(unit, wall);
}

// At most a quarter of a chunk is unit table.
uint32_t RunBuffer::UnitRoom() const {
  constexpr uint64_t kLeast = 16;
  const uint64_t most = std::clamp<uint64_t>(limits_.chunk_bytes / 4 / sizeof(format::UnitEntry),
                                             kLeast, format::kMaxChunkUnits);
  return static_cast<uint32_t>(
      std::clamp<uint64_t>(interval_units_ + interval_units_ / 2, kLeast, most));
}

// A chunk of its own holds the unit, whatever the size of its unit table.
uint64_t RunBuffer::UnitBytesMax() const {
  const uint64_t tracks_bytes = tracks_ == nullptr ? 0 : tracks_->size();
  const uint64_t head_bytes = limits_.chunk_bytes / 4 + tracks_bytes + format::kBlockBytes;
  return std::min<uint64_t>(kMaxUnitBytes,
                            limits_.chunk_bytes - std::min(limits_.chunk_bytes, head_bytes));
}

uint64_t RunBuffer::ExpectedPayload(const UnitView& first) const {
  const uint64_t expected = interval_payload_bytes_ + interval_payload_bytes_ / 4;
  return std::clamp<uint64_t>(
      expected, first.bytes.size(),
      std::max<uint64_t>(std::min(kMaxChunkPayload, limits_.chunk_bytes), first.bytes.size()));
}

bool RunBuffer::StartChunk(UnitNumber number, const UnitView& unit, WallTime wall, MonoTime now) {
  FinishChunk();
  ChunkSpec spec;
  spec.stream = identity_.stream;
  spec.run = identity_.run;
  spec.first_unit = number;
  spec.retention_class = identity_.retention_class;
  spec.wall_begin = wall;
  spec.mono_begin = now;
  spec.boot_id = identity_.boot_id;
  spec.wall_uncertainty_us = identity_.wall_uncertainty_us;
  spec.flags = ContentFlags(unit.flags);
  // A chunk behind a hole may be all that is left of its GOP: it can be told apart only with its
  // tracks.
  const bool joined = last_number_ && number.value == last_number_->value + 1;
  // Parameter sets may come between clean points, and the units from there on need them.
  const bool changed = chunk_config_hash_ != config_hash_;
  spec.carries_config = (unit.flags & kUnitClean) != 0 || !joined || changed;
  spec.tracks = tracks_;
  spec.config_hash = config_hash_;
  spec.unit_room = UnitRoom();
  spec.chunk_bytes_max = limits_.chunk_bytes;
  const uint64_t wanted = ChunkBuilder::BufferBytes(spec, ExpectedPayload(unit));
  const uint64_t least = ChunkBuilder::BufferBytes(spec, unit.bytes.size());
  std::optional<Buffer> buffer = TakeBuffer(wanted);
  if (!buffer && least < wanted) buffer = TakeBuffer(least);
  if (!buffer) return false;
  if ((unit.flags & kUnitClean) != 0) ExpectGop();
  builder_.emplace(spec, std::move(*buffer));
  builder_first_due_ = builder_due_ = NextFlush(now);
  return true;
}

// A GOP is over: the next one is given room for what the latest have taken, twice their deviation,
// and the padding of two chunks more (docs/adr/0004). In a dawn the last one says more than the
// mean.
void RunBuffer::ExpectGop() {
  const uint64_t size = std::exchange(gop_so_far_bytes_, 0);
  if (size == 0) return;
  if (gop_mean_bytes_ == 0) {
    gop_mean_bytes_ = size;
    gop_deviation_bytes_ = size / 16;
  }
  const uint64_t off = size > gop_mean_bytes_ ? size - gop_mean_bytes_ : gop_mean_bytes_ - size;
  gop_deviation_bytes_ = (3 * gop_deviation_bytes_ + off) / 4;
  gop_mean_bytes_ = (3 * gop_mean_bytes_ + size) / 4;
  gop_expected_bytes_ = std::max(gop_mean_bytes_, size) + 2 * gop_deviation_bytes_ +
                        2 * uint64_t{format::kBlockBytes};
}

// The pool rounds up: the bound is on what it gives.
std::optional<Buffer> RunBuffer::TakeBuffer(uint64_t bytes) {
  std::optional<Buffer> buffer = pool_.Take(bytes);
  if (buffer && held_bytes_ + buffer->size_bytes() > limits_.bytes) return std::nullopt;
  return buffer;
}

void RunBuffer::FinishChunk() {
  if (!builder_) return;
  if (builder_->unit_count() == 0) {
    builder_.reset();
    return;
  }
  std::list<StreamChunkPtr> ready(1);  // room for it first: what is finished is never lost
  std::list<StreamChunkPtr> held(1);
  const uint32_t stored = builder_->stored_bytes();
  const uint64_t payload_bytes = builder_->payload().size();
  const size_t unit_count = builder_->unit_count();
  // What the GOP will still need from this chunk on.
  const uint64_t before = gop_so_far_bytes_;
  const uint64_t hint = gop_expected_bytes_ > before ? gop_expected_bytes_ - before : 0;
  StreamChunkPtr chunk =
      builder_->Finish(static_cast<uint32_t>(std::min<uint64_t>(hint, format::kMaxChunkBytes)));
  gop_so_far_bytes_ += stored;
  interval_payload_bytes_ = (interval_payload_bytes_ * 3 + payload_bytes) / 4;
  interval_units_ = static_cast<uint32_t>((uint64_t{interval_units_} * 3 + unit_count + 3) / 4);
  chunk->run_buffer = shared_from_this();
  chunk_config_hash_ = builder_->spec().config_hash;
  builder_.reset();
  held_bytes_ += chunk->buffer.size_bytes();
  ready.front() = chunk;
  held.front() = std::move(chunk);
  ready_.splice(ready_.end(), ready);
  held_.splice(held_.end(), held);
}

MonoTime RunBuffer::NextFlush(MonoTime now) const {
  const int64_t interval = limits_.flush_interval.count();
  const int64_t since_phase = now.ns - limits_.flush_phase.count();
  const int64_t periods = since_phase / interval + 1;
  return {periods * interval + limits_.flush_phase.count()};
}

void RunBuffer::UpdateDue() {
  int64_t due = kNever;
  if (builder_ && builder_->unit_count() != 0) due = builder_due_.ns;
  if (!ready_.empty()) due = 0;
  due_ns_.store(due, std::memory_order_relaxed);
}

void RunBuffer::Flush() {
  const std::lock_guard lock(mutex_);
  FinishChunk();
  UpdateDue();
}

void RunBuffer::End() {
  const std::lock_guard lock(mutex_);
  FinishChunk();
  ended_ = true;
  UpdateDue();
}

void RunBuffer::Abandon() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  builder_.reset();
  ready_.clear();
  held_.clear();
  held_bytes_ = 0;
  UpdateDue();
}

bool RunBuffer::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

void RunBuffer::Collect(MonoTime now, size_t max_chunks, std::vector<ChunkPtr>* out) {
  if (due() > now) return;
  const std::lock_guard lock(mutex_);
  if (builder_ && now >= builder_due_) {
    const bool small = builder_->payload().size() < kSmallChunkBytes && !ended_;
    const MonoTime latest = builder_first_due_ + SmallChunkDelay(limits_.flush_interval);
    if (small && now < latest) {
      builder_due_ = std::min(NextFlush(now), latest);
    } else {
      FinishChunk();
    }
  }
  while (!ready_.empty() && max_chunks-- > 0) {
    out->push_back(std::move(ready_.front()));
    ready_.pop_front();
  }
  UpdateDue();
}

void RunBuffer::TakeBack(const std::vector<StreamChunkPtr>& chunks) {
  const std::lock_guard lock(mutex_);
  std::vector<StreamChunkPtr> wanted;
  for (const StreamChunkPtr& chunk : chunks) {
    if (durable_.contains(chunk->row.first_unit.value)) continue;  // as a copy of it meanwhile
    wanted.push_back(chunk);
    const bool known = std::find(held_.begin(), held_.end(), chunk) != held_.end();
    if (known) continue;
    // A copy takes the place of the original, which the stalled volume keeps for itself.
    const auto original = std::find_if(held_.begin(), held_.end(), [&](const StreamChunkPtr& held) {
      return held->row.first_unit == chunk->row.first_unit;
    });
    if (original != held_.end()) {
      held_bytes_ -= (*original)->buffer.size_bytes();
      *original = chunk;
    } else {
      held_.push_back(chunk);
    }
    held_bytes_ += chunk->buffer.size_bytes();
  }
  ready_.insert(ready_.begin(), wanted.begin(), wanted.end());
  UpdateDue();
}

bool RunBuffer::Claim(const StreamChunk& chunk) {
  const std::lock_guard lock(mutex_);
  for (const StreamChunkPtr& held : held_) {
    if (held->row.first_unit == chunk.row.first_unit) return !std::exchange(held->claimed, true);
  }
  return false;
}

bool RunBuffer::MarkDurable(const StreamChunk& chunk) {
  const std::lock_guard lock(mutex_);
  for (const StreamChunkPtr& held : held_) {
    if (held->row.first_unit == chunk.row.first_unit) held->durable = true;
  }
  const uint64_t before = durable_.EndOfPrefix(0);
  // Its bound is that of what is accepted and of the chunks that are held.
  durable_.Insert(chunk.row.first_unit.value, chunk.row.end_unit().value,
                  std::numeric_limits<size_t>::max());
  return durable_.EndOfPrefix(0) != before;
}

void RunBuffer::Release(const StreamChunk& chunk) {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(held_.begin(), held_.end(), [&](const StreamChunkPtr& held) {
    return held->row.first_unit == chunk.row.first_unit;
  });
  if (at == held_.end()) return;
  held_bytes_ -= (*at)->buffer.size_bytes();
  std::erase(ready_, *at);  // a copy that is not needed any more
  held_.erase(at);
  UpdateDue();
}

std::vector<LiveChunk> RunBuffer::Live() const {
  const std::lock_guard lock(mutex_);
  std::vector<LiveChunk> live;
  for (const StreamChunkPtr& chunk : held_) {
    LiveChunk item;
    item.row = ContentOf(chunk->row);
    item.units = chunk->units;
    item.payload = {chunk->buffer.data() + chunk->payload_begin_bytes, chunk->payload_bytes};
    item.tracks = chunk->tracks;
    item.durable = chunk->durable;
    item.keep_alive = chunk;
    live.push_back(std::move(item));
  }
  if (builder_ && builder_->unit_count() != 0) {
    LiveChunk item;
    item.row = builder_->row();
    item.units = builder_->units();
    const auto copy =
        std::make_shared<const Bytes>(builder_->payload().begin(), builder_->payload().end());
    item.payload = *copy;
    item.tracks = builder_->spec().tracks;
    item.keep_alive = copy;
    live.push_back(std::move(item));
  }
  std::sort(live.begin(), live.end(), [](const LiveChunk& a, const LiveChunk& b) {
    return a.row.first_unit < b.row.first_unit;
  });
  return live;
}

}  // namespace reel
