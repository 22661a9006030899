#include "bench/micro_cases.h"

#include <algorithm>

#include "bench/long_history.h"
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/digest.h"
#include "engine/segment/salvage.h"

namespace reel::bench {
namespace {

constexpr uint64_t kChunkRoom = 400'000;  // for six units of which one is a key picture
constexpr WallTime kNoon{1'790'000'000'000'000'000};

TraceShape SmallArena() {
  TraceShape shape;
  shape.gops_in_arena = 1;
  return shape;
}

template <class Id>
Id IdOf(uint8_t n) {
  Id id;
  id.bytes.fill(n);
  return id;
}

SimDiskOptions PlainDisk() {
  SimDiskOptions options;
  options.keep_journal = false;
  options.jitter_max = Duration{0};
  return options;
}

}  // namespace

ChunkCase::ChunkCase(uint32_t units)
    : trace_(SmallArena()), units_(units), bytes_(size_t{2} << 20), uid_(IdOf<SegmentUid>(9)) {}

uint32_t ChunkCase::Encode() {
  const uint32_t head_bytes = format::HeadBytes(units_, 0);
  uint32_t end = head_bytes;
  for (uint32_t i = 0; i < units_; ++i) {
    const UnitView unit = trace_.Unit(0, i, kNoon);
    std::copy(unit.bytes.begin(), unit.bytes.end(), bytes_.begin() + end);
    format::UnitEntry entry;
    entry.track = unit.track;
    entry.flags = unit.flags;
    entry.size_bytes = static_cast<uint32_t>(unit.bytes.size());
    entry.crc32c = Crc32c(unit.bytes);
    entry.pts = unit.pts;
    entry.dts = unit.dts;
    format::Store(entry, bytes_.data() + format::kTableOffset + i * sizeof entry);
    end += entry.size_bytes;
  }
  format::ContentHead content;
  content.stream = IdOf<StreamId>(1);
  content.run = IdOf<RunId>(2);
  content.wall_begin = content.wall_end = kNoon;
  content.unit_count = static_cast<uint16_t>(units_);
  content.flags = format::kContentClean;
  content.payload_offset_bytes = head_bytes - format::kContentOffset;
  content.payload_bytes = end - head_bytes;
  format::Store(content, bytes_.data() + format::kContentOffset);
  chunk_bytes_ = static_cast<uint32_t>(RoundUp(end, format::kChunkAlignBytes));
  format::ChunkPlace place;
  place.segment_uid = uid_;
  place.epoch = Epoch{1};
  place.seq = ChunkSeq{seq_};
  place.chain = chain_;
  place.offset_bytes = offset_bytes_;
  place.extent_base_bytes = offset_bytes_;
  place.extent_bytes = chunk_bytes_;
  place.chunk_bytes = chunk_bytes_;
  place.content_bytes = end - format::kContentOffset;
  place.head_bytes = head_bytes;
  place.retention_class = kDefaultClass;
  format::Store(place, bytes_.data());
  return format::SealHead(bytes_.data(), head_bytes, uid_);
}

void ChunkCase::Place(uint32_t seq, uint64_t offset_bytes, uint32_t chain) {
  seq_ = seq;
  offset_bytes_ = offset_bytes;
  chain_ = chain;
}

bool ChunkCase::DecodeAndVerify() const {
  const auto head = format::DecodeChunkHead(bytes(), uid_, offset_bytes_);
  return head.ok() && format::VerifyChunk(*head, bytes()).ok();
}

MinuteCase::MinuteCase() {
  id_.stream = IdOf<StreamId>(1);
  id_.run = IdOf<RunId>(2);
  id_.minute = MinuteOf(kNoon);
  for (uint64_t i = 0; i < 30; ++i) {
    GopRow row;
    row.stream = id_.stream;
    row.run = id_.run;
    row.begin = MinuteBegin(id_.minute) + std::chrono::seconds(2 * i);
    row.end = row.begin + std::chrono::milliseconds(1960);
    row.first_unit = UnitNumber{i * 50};
    row.flags = kGopClean;
    row.lead_bytes = 250'000 + static_cast<uint32_t>(i * 977 % 5000);
    row.pieces.push_back({VolumeNo{1}, SegmentSerial{7}, (i * 300 + i * 13 % 7) * 4096, 1'003'520,
                          row.first_unit, 50});
    rows_.push_back(std::move(row));
  }
}

size_t MinuteCase::RoundTrip() const {
  const Bytes bytes = EncodeMinute(id_, rows_);
  const auto decoded = DecodeMinute(id_, bytes);
  REEL_CHECK(decoded.ok() && *decoded == rows_, "a minute decodes to what was encoded");
  return bytes.size();
}

IndexCase::IndexCase(uint32_t keyframes) : index_(*OpenInMemoryIndex({})) {
  HistoryShape shape;
  shape.keyframes = keyframes;
  shape.streams = 100;
  shape.end = kNoon;
  const LongHistory history(shape);
  REEL_CHECK(history.Write(*index_).ok(), "an index in memory takes rows");
  // Into sorted tables, where most rows stand in use. The table in memory has a shape of chance,
  // which follows from where in memory the libraries lie.
  REEL_CHECK(index_->Compact().ok(), "an index in memory compacts");
  for (uint32_t i = 0; i < history.streams(); ++i) streams_.push_back(history.stream(i));
}

bool IndexCase::Lookup() {
  const StreamId stream = streams_[rng_.Below(streams_.size())];
  const auto back = std::chrono::seconds(static_cast<int64_t>(rng_.Below(60)));
  const auto rows = index_->Gops(stream, kNoon - back, Direction::kBackward, 1);
  return rows.ok() && !rows->empty();
}

RecordCase::RecordCase() : trace_(SmallArena()), node_(*SimNode::Open({})) {
  RunOptions options;
  options.tracks = Trace::Tracks();
  const auto camera = node_->store().CreateStream("camera");
  REEL_CHECK(camera.ok(), "a simulated node takes a stream");
  writer_ = *node_->store().BeginRun(camera->id, options);
  begin_ = node_->clock().WallNow();
}

uint64_t RecordCase::Record(uint64_t units) {
  for (const uint64_t end = next_ + units; next_ < end; ++next_) {
    const UnitView unit = trace_.Unit(0, next_, begin_);
    REEL_CHECK(writer_->Append(UnitNumber{next_}, unit, AppendMode::kLive).ok(), "there is room");
    node_->RunUntil(node_->clock().MonoNow() + trace_.UnitTime());
  }
  return writer_->watermarks().durable.value;
}

SalvageCase::SalvageCase(uint32_t chunks) : disk_(PlainDisk()) {
  header_.segment_bytes = RoundUp(uint64_t{chunks} * kChunkRoom + (uint64_t{2} << 20), 4096);
  header_.granule_bytes = 4096;
  header_.footer_offset_bytes = header_.segment_bytes - (uint64_t{1} << 20);
  header_.uid = IdOf<SegmentUid>(9);
  header_.epoch = Epoch{1};
  header_.retention_class = kDefaultClass;
  header_.serial = SegmentSerial{1};
  REEL_CHECK(disk_.Create("segment", header_.segment_bytes).ok(), "a simulated disk has room");
  file_ = *disk_.Open("segment", OpenMode::kReadWrite);
  ChunkCase chunk(6);
  uint64_t offset = 8192;
  uint32_t chain = 0;
  for (uint32_t seq = 1; seq <= chunks; ++seq) {
    chunk.Place(seq, offset, chain);
    chain = chunk.Encode();
    if (offset + chunk.chunk_bytes() > header_.footer_offset_bytes) break;
    disk_.Poke("segment", offset, chunk.bytes());
    offset += chunk.chunk_bytes();
  }
}

uint64_t SalvageCase::Scan() {
  const auto report = Salvage(*file_, header_, ChunkSeq{0});
  REEL_CHECK(report.ok(), "a simulated disk reads");
  return report->rows.size();
}

}  // namespace reel::bench
