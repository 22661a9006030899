#include "bench/spindles.h"

#include <algorithm>
#include <set>

#include "bench/verify.h"

namespace reel::bench {
namespace {

constexpr Duration kStep = std::chrono::microseconds(500);
constexpr Duration kLookEvery = std::chrono::milliseconds(25);  // ten a second of each disk
constexpr size_t kLogLines = 10;

}  // namespace

SimLatency SpindleLatency() {
  SimLatency latency;
  latency.per_request = std::chrono::microseconds(100);
  latency.seek = std::chrono::microseconds(8500 + 4170);  // average seek, half a turn at 7200 rpm
  latency.sync = std::chrono::microseconds(8340);         // the cache goes to the platter: a turn
  latency.bytes_per_second = 110'000'000;
  return latency;
}

TraceShape SubStreamShape() {
  TraceShape shape;
  shape.bits_per_second = 256e3;
  return shape;
}

Result<std::unique_ptr<Spindles>> Spindles::Open(uint64_t seed) {
  std::unique_ptr<Spindles> spindles(new Spindles(seed));
  SimShape shape;
  shape.volumes = kDisks;
  shape.placement = "log";
  shape.segment_bytes = uint64_t{64} << 20;
  shape.segments = 8;
  shape.buffer_bytes = uint64_t{1} << 30;
  shape.flush_interval = std::chrono::seconds(1);
  shape.latency = SpindleLatency();
  shape.rotational = true;
  shape.log = [raw = spindles.get()](LogLevel level, std::string_view text) {
    if (level != LogLevel::kInfo && raw->log_.size() < kLogLines) raw->log_.emplace_back(text);
  };
  REEL_ASSIGN_OR_RETURN(spindles->node_, SimNode::Open(shape));
  REEL_RETURN_IF_ERROR(spindles->AddStreams());
  return spindles;
}

Status Spindles::AddStreams() {
  streams_.resize(size_t{2} * kDisks * kCamerasPerDisk);
  for (size_t i = 0; i < streams_.size(); ++i) {
    // By pairs, since streams go to the volumes in turn: each gets as many of both.
    streams_[i].trace = i / kDisks % 2 == 0 ? &main_ : &sub_;
    REEL_ASSIGN_OR_RETURN(const StreamInfo info,
                          store().CreateStream("stream-" + std::to_string(i)));
    streams_[i].id = info.id;
  }
  // All are made before the first records: making one takes simulated time.
  for (Stream& stream : streams_) {
    RunOptions options;
    options.tracks = Trace::Tracks();
    options.on_durable = [this, &stream](const Watermarks& marks) { Acked(&stream, marks); };
    REEL_ASSIGN_OR_RETURN(stream.writer, store().BeginRun(stream.id, options));
  }
  const WallTime wall{node_->clock().WallNow().ns / 1000 * 1000};
  for (size_t i = 0; i < streams_.size(); ++i) {
    const Duration offset = std::chrono::microseconds(2'000'000 * i / streams_.size());
    streams_[i].first_due = now() + offset;
    streams_[i].begin = wall + offset;
  }
  return OkStatus();
}

uint32_t Spindles::IndexOf(const Stream& stream) const {
  return static_cast<uint32_t>(&stream - streams_.data());
}

void Spindles::Acked(Stream* stream, const Watermarks& marks) {
  for (; stream->acked < marks.durable.value; ++stream->acked) {
    const MonoTime due = stream->Due(stream->acked);
    if (measuring_ && due >= measured_from_) ack_[stream->trouble ? 1 : 0].Record(now() - due);
  }
}

void Spindles::AppendDue() {
  for (Stream& stream : streams_) {
    for (; stream.Due(stream.next) <= now(); ++stream.next) {
      const UnitView unit = stream.trace->Unit(IndexOf(stream), stream.next, stream.begin);
      const Status taken = stream.writer->Append(UnitNumber{stream.next}, unit, AppendMode::kLive);
      if (!taken.ok()) ++append_errors_;
    }
  }
}

// The store is turned by a caller, since a step of a volume's background work may wait; the next
// one takes over then. It goes on as long as nobody else has anything to do: another thread costs
// more than a turn.
void Spindles::Turn(MonoTime until) {
  crew_.RunReady();
  if (LookIsDue()) {
    next_look_ = next_look_ + kLookEvery;
    Look();
  }
  crew_.Start([this, until, mine = ++turner_] {
    while (true) {
      AppendDue();
      const bool moved = store().RunOnce(Duration{0});
      if (turner_ != mine || crew_.AnyReady() || LookIsDue() || now() >= until) return;
      if (!moved) node_->clock().Advance(kStep);
    }
  });
}

bool Spindles::LookIsDue() { return measuring_ && now() >= next_look_; }

Status Spindles::RunFor(Duration length) {
  const MonoTime until = now() + length;
  while (now() < until && problem_.ok()) Turn(until);
  return problem_;
}

void Spindles::Measure(std::optional<size_t> trouble) {
  measuring_ = true;
  measured_from_ = now();
  next_look_ = now();
  if (trouble) trouble_ = VolumeNo{static_cast<uint16_t>(*trouble + 1)};
  for (Stream& stream : streams_) {
    const Result<StreamInfo> info = store().FindStream(ToString(stream.id));
    stream.trouble = trouble_ && info.ok() && info->volume == *trouble_;
  }
  NoteAcked();
}

void Spindles::NoteAcked() {
  for (Stream& stream : streams_) stream.acked_before = stream.writer->watermarks().durable.value;
}

// Whether the GOP of that moment stands, or begins, on the disk in trouble.
bool Spindles::OnTrouble(const Stream& stream, WallTime at) {
  if (!trouble_) return false;
  const auto gops = node_->index().Gops(stream.id, at, Direction::kBackward, 1);
  return gops.ok() && !gops->empty() && gops->front().pieces.front().volume == *trouble_;
}

// Two to five seconds back: on a disk, and not recycled yet.
void Spindles::Look() {
  const Stream& stream = streams_[rng_.Below(streams_.size())];
  const WallTime at = stream.TimeOf(stream.next - 50 - rng_.Below(75));
  const bool trouble = OnTrouble(stream, at);
  crew_.Start([this, &stream, at, trouble] {
    const MonoTime begin = now();
    bool refused = false;
    const Status read = ReadKey(stream, at, &refused);
    if (!read.ok() && problem_.ok()) problem_ = read;
    if (refused && !(trouble && refusals_expected_) && problem_.ok())
      problem_ = DataLoss("a key picture on a sound disk was refused");
    refused_ += refused ? 1 : 0;
    if (!refused) key_[trouble ? 1 : 0].Record(now() - begin);
  });
}

Status Spindles::CheckUnit(const Stream& stream, const Item& item) const {
  const UnitView unit = stream.trace->Unit(IndexOf(stream), item.unit.number.value, stream.begin);
  if (SameBytes(item.unit.bytes, unit.bytes)) return OkStatus();
  return DataLoss("unit " + std::to_string(item.unit.number.value) + " is not what was written");
}

// Up to the first unit, which is a key picture. `refused`: said to be unreadable, or not there.
Status Spindles::ReadKey(const Stream& stream, WallTime at, bool* refused) {
  CursorOptions options;
  options.range.begin = at;
  const auto cursor = store().Read(stream.id, options);
  *refused = !cursor.ok();
  while (!*refused) {
    const Result<Item> item = (*cursor)->Next();
    if (item.ok() && item->kind == ItemKind::kUnit) return CheckUnit(stream, *item);
    *refused = !item.ok() || item->kind == ItemKind::kDamage || item->kind == ItemKind::kEnd;
  }
  return OkStatus();
}

void Spindles::StartScrub(uint64_t bytes_per_second) {
  scrubbing_ = true;
  crew_.Start([this, bytes_per_second, begin = now()] {
    Store::VerifyOptions options;
    options.problem = [this](const std::string& what) {
      if (problem_.ok()) problem_ = DataLoss("the scrub found: " + what);
    };
    options.pace = [&](uint64_t bytes) {
      scrubbed_bytes_ += bytes;
      const MonoTime due =
          begin + Duration{static_cast<int64_t>(static_cast<double>(scrubbed_bytes_) * 1e9 /
                                                static_cast<double>(bytes_per_second))};
      SimCrew::Wait([this, due] { return !scrubbing_ || now() >= due; });
      return scrubbing_;
    };
    while (scrubbing_) {
      const auto report = store().Verify(options);
      if (!report.ok() && problem_.ok()) problem_ = report.status();
      if (!report.ok()) return;
    }
  });
}

Status Spindles::Finish() {
  measuring_ = false;
  scrubbing_ = false;
  while (crew_.waiting() != 0) {
    if (!crew_.RunReady()) node_->clock().Advance(kStep);
  }
  REEL_RETURN_IF_ERROR(problem_);
  for (Stream& stream : streams_) {
    stream.writer->Flush();
    REEL_RETURN_IF_ERROR(
        stream.writer->WaitDurable(UnitNumber{stream.next}, std::chrono::minutes(1)));
  }
  for (const Stream& stream : streams_) REEL_RETURN_IF_ERROR(Check(stream));
  return OkStatus();
}

// What had not been acknowledged when trouble began, and all since. A dead disk has taken with it
// what had been, and where that was the key picture of a GOP, the rest of the GOP cannot be shown:
// it is stored all the same, and playing goes on with the next key picture.
Status Spindles::Check(const Stream& stream) {
  uint64_t want = stream.acked_before;
  const bool torn = refusals_expected_ && stream.trouble;
  if (torn) {
    const uint64_t gop = stream.trace->shape().gop_units;
    const uint64_t clean = (want + gop - 1) / gop * gop;
    REEL_RETURN_IF_ERROR(CheckStored(stream, want, clean));
    want = clean;
  }
  CursorOptions options;
  options.range.begin = stream.TimeOf(want);
  REEL_ASSIGN_OR_RETURN(const auto cursor, store().Read(stream.id, options));
  while (want < stream.next) {
    REEL_ASSIGN_OR_RETURN(const Item item, cursor->Next());
    if (item.kind == ItemKind::kDamage) return item.status;
    if (item.kind == ItemKind::kEnd) break;
    if (item.kind != ItemKind::kUnit || item.unit.number.value < want) continue;
    if (item.unit.number.value > want) break;
    REEL_RETURN_IF_ERROR(CheckUnit(stream, item));
    ++want;
    ++units_checked_;
  }
  if (want == stream.next) return OkStatus();
  return DataLoss("stream " + std::to_string(IndexOf(stream)) + ": unit " + std::to_string(want) +
                  " was acknowledged and is not there");
}

// Units [begin, end) stand on sound disks, by the index.
Status Spindles::CheckStored(const Stream& stream, uint64_t begin, uint64_t end) {
  REEL_ASSIGN_OR_RETURN(
      const std::vector<GopRow> gops,
      node_->index().Gops(stream.id, stream.TimeOf(end) - Duration{1}, Direction::kBackward, 4));
  std::set<uint64_t> stored;
  for (const GopRow& gop : gops) {
    for (const Piece& piece : gop.pieces) {
      if (piece.volume == *trouble_) continue;
      for (uint64_t i = piece.first_unit.value; i < piece.end_unit().value; ++i) stored.insert(i);
    }
  }
  for (uint64_t i = begin; i < end; ++i) {
    if (!stored.contains(i))
      return DataLoss("stream " + std::to_string(IndexOf(stream)) + ": unit " + std::to_string(i) +
                      " is on no sound disk");
    ++units_checked_;
  }
  return OkStatus();
}

}  // namespace reel::bench
