// What the tests of reading share: real segments on simulated disks, an index in memory, footage in
// memory, and a cursor's items told as one line of text.
//
// Units are 40 ms apart and their bytes follow from run and number, so that every one that comes
// back is compared. Run A is RunNamed('A'). Times are seconds behind kEpoch, as At(12.5).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "engine/base/aligned.h"
#include "engine/base/digest.h"
#include "engine/format/track_config.h"
#include "engine/io/transfer.h"
#include "engine/segment/open_segment.h"
#include "engine/store/footage.h"
#include "engine/store/gop_assembler.h"
#include "engine/testing/memory_index.h"
#include "engine/testing/sim_clock.h"
#include "engine/testing/sim_disk.h"
#include "reel/store.h"

namespace reel {

inline constexpr StreamId kStream{{1}};
inline constexpr WallTime kEpoch{1'767'225'600'000'000'000};  // where SimClock begins
inline constexpr Duration kUnitStep = std::chrono::milliseconds(40);

inline WallTime At(double seconds) {
  return kEpoch + Duration{static_cast<int64_t>(std::llround(seconds * 1e9))};
}
inline RunId RunNamed(char name) { return RunId{{static_cast<uint8_t>(name)}}; }

// Bytes of one unit.
inline Bytes UnitContent(char run, uint64_t number, size_t size_bytes) {
  Bytes bytes(size_bytes);
  Rng(number * 256 + static_cast<uint8_t>(run)).Fill(bytes);
  return bytes;
}

// Tracks told apart by their width.
inline std::vector<TrackInfo> Tracks(uint32_t width) {
  TrackInfo video;
  video.width = width;
  return {video};
}

struct ChunkPlan {
  char run = 'A';
  uint64_t first = 0;
  size_t units = 5;
  WallTime begin;
  bool clean = false;
  uint32_t width = 640;
  size_t unit_bytes = 900;
  uint16_t volume = 1;
  bool durable = true;  // in memory
};

// One volume: a disk, its pool, the segment that is open on it.
class TestVolume {
 public:
  // With `bytes_per_second` the clock tells how much was moved.
  TestVolume(SimClock& clock, uint16_t number, uint64_t segment_bytes,
             uint64_t bytes_per_second = 0)
      : number_{number},
        random_(number),
        disk_(DiskOptions(clock, number, bytes_per_second)),
        pool_(disk_, clock, random_, {VolumeId{{9}}, segment_bytes, 4096, 64}) {
    NewSegment();
  }

  void NewSegment() {
    MustBeOk(pool_.PrepareSpare(kDefaultClass, Epoch{1}));
    const auto spare = pool_.TakeSpare(kDefaultClass);
    segment_ = std::make_unique<OpenSegment>(spare->header, spare->file);
  }

  // Seals the open segment, frees it, and goes on in a new one.
  SegmentSerial Recycle() {
    const SegmentSerial serial = this->serial();
    pool_.BeginSealing(serial);
    MustBeOk(pool_.Seal(serial, segment_->EncodeFooter()));
    MustBeOk(pool_.Recycle(serial));
    NewSegment();
    return serial;
  }

  SegmentSerial serial() const { return segment_->header().serial; }
  OpenSegment& segment() { return *segment_; }
  SegmentPool& pool() { return pool_; }
  SimDisk& disk() { return disk_; }
  uint64_t reads() { return disk_.faults().count(SeamCall::kRead); }
  std::string file_name() const {
    char name[32];
    std::snprintf(name, sizeof name, "segment-%08u", segment_->header().file_number);
    return name;
  }

  static SimDiskOptions DiskOptions(SimClock& clock, uint16_t number, uint64_t bytes_per_second) {
    SimDiskOptions options;
    options.seed = number;
    options.keep_journal = false;
    options.jitter_max = Duration{0};
    options.latency.bytes_per_second = bytes_per_second;
    options.clock = &clock;
    return options;
  }
  static void MustBeOk(const Status& status) { ASSERT_TRUE(status.ok()) << status.ToString(); }

 private:
  VolumeNo number_;
  SeededRandom random_;
  SimDisk disk_;
  SegmentPool pool_;
  std::unique_ptr<OpenSegment> segment_;
};

class FakeFootage : public Footage {
 public:
  FakeFootage(SimClock& clock, MemoryIndex& memory_index) : clock_(clock), index_(memory_index) {}

  Index& index() override { return index_; }
  Clock& clock() override { return clock_; }
  Result<SegmentLease> Lease(VolumeNo volume, SegmentSerial serial) override {
    if (offline.count(volume.value) != 0) return Unavailable("volume is away");
    return volumes.at(volume.value)->pool().Lease(serial);
  }
  std::vector<LiveChunk> Live(StreamId) override {
    std::vector<LiveChunk> snapshot = live;
    if (after_live) std::exchange(after_live, nullptr)();
    return snapshot;
  }
  uint64_t WaitForMore(StreamId, uint64_t seen, Duration) override {
    ++waits;
    if (seen == counter && on_wait) on_wait();
    return counter;
  }
  ReaderGate::Turn WaitForTurn() override { return ++yields, ReaderGate::Turn(); }
  bool IsRecording(StreamId, RunId run) override { return recording.count(run) != 0; }
  std::vector<WallTime> SessionBegins() override { return sessions; }
  WallTime StreamCreated(StreamId) override { return created; }
  void OnDamage(StreamId, const Status& status) override { damage.push_back(status); }

  std::map<uint16_t, std::unique_ptr<TestVolume>> volumes;
  std::set<uint16_t> offline;
  std::vector<LiveChunk> live;
  std::function<void()> after_live;  // once, as if another thread had come between
  std::function<void()> on_wait;     // may add footage and raise `counter`
  uint64_t counter = 0;
  int waits = 0, yields = 0;
  std::set<RunId> recording;
  std::vector<WallTime> sessions;
  WallTime created = At(-100);
  std::vector<Status> damage;

 private:
  SimClock& clock_;
  MemoryIndex& index_;
};

class ReadTest : public testing::Test {
 protected:
  explicit ReadTest(uint64_t segment_bytes = 1U << 20) : footage_(clock_, index_) {
    clock_.Advance(std::chrono::hours(1));
    for (const uint16_t number : {uint16_t{1}, uint16_t{2}}) {
      footage_.volumes[number] = std::make_unique<TestVolume>(clock_, number, segment_bytes);
    }
  }

  TestVolume& volume(uint16_t number = 1) { return *footage_.volumes.at(number); }

  // Another volume, 3, of a megabyte a second.
  void AddSlowVolume() {
    footage_.volumes[3] = std::make_unique<TestVolume>(clock_, 3, 1U << 20, 1'000'000);
  }

  static format::ChunkRow RowOf(const ChunkPlan& plan) {
    format::ChunkRow row;
    row.stream = kStream;
    row.run = RunNamed(plan.run);
    row.first_unit = {plan.first};
    row.unit_count = static_cast<uint32_t>(plan.units);
    row.wall_begin = plan.begin;
    row.wall_end = plan.begin + kUnitStep * static_cast<int64_t>(plan.units - 1);
    row.flags = plan.clean ? format::kContentClean | format::kContentConfig : 0;
    return row;
  }

  // Pictures in decode order with one B picture between two: pts runs to and fro.
  static std::vector<format::UnitEntry> EntriesOf(const ChunkPlan& plan, Bytes* payload) {
    std::vector<format::UnitEntry> entries;
    for (size_t i = 0; i < plan.units; ++i) {
      const uint64_t number = plan.first + i;
      const Bytes content = UnitContent(plan.run, number, plan.unit_bytes);
      format::UnitEntry entry;
      entry.size_bytes = static_cast<uint32_t>(content.size());
      entry.crc32c = Crc32c(content);
      entry.wall_delta_us = static_cast<int32_t>(i * 40'000);
      entry.dts = static_cast<int64_t>(number * 3600);
      entry.pts = entry.dts + (number % 2 == 0 ? 7200 : 0);
      entries.push_back(entry);
      payload->insert(payload->end(), content.begin(), content.end());
    }
    return entries;
  }

  // On disk alone; the row as the index would learn it.
  format::ChunkRow Write(const ChunkPlan& plan) {
    const Bytes tracks = format::EncodeTracks(Tracks(plan.width)).value();
    Bytes payload;
    const std::vector<format::UnitEntry> entries = EntriesOf(plan, &payload);
    format::ChunkRow row = RowOf(plan);
    const uint32_t config_bytes = plan.clean ? static_cast<uint32_t>(tracks.size()) : 0;
    const uint32_t head_bytes = format::HeadBytes(row.unit_count, config_bytes);
    const auto content_end = static_cast<uint32_t>(head_bytes + payload.size());
    AlignedBytes chunk(RoundUp(content_end, 4096));

    const auto chunk_bytes = static_cast<uint32_t>(chunk.size());
    TestVolume& into = volume(plan.volume);
    auto place_taken = into.segment().Take(row.run, plan.clean, chunk_bytes, 0);
    if (!place_taken) {
      into.NewSegment();
      place_taken = into.segment().Take(row.run, plan.clean, chunk_bytes, 0);
    }
    OpenSegment& segment = into.segment();
    const Place at = *place_taken;
    format::ChunkPlace place;
    place.segment_uid = segment.header().uid;
    place.epoch = segment.header().epoch;
    place.seq = at.seq;
    place.chain = segment.chain();
    place.offset_bytes = at.offset_bytes;
    place.extent_base_bytes = at.extent_base_bytes;
    place.extent_bytes = at.extent_bytes;
    place.chunk_bytes = chunk_bytes;
    place.content_bytes = content_end - format::kContentOffset;
    place.head_bytes = head_bytes;
    format::Store(place, chunk.data());
    format::ContentHead content;
    content.stream = row.stream;
    content.run = row.run;
    content.first_unit = row.first_unit;
    content.wall_begin = row.wall_begin;
    content.wall_end = row.wall_end;
    content.unit_count = static_cast<uint16_t>(entries.size());
    content.flags = row.flags;
    content.config_bytes = config_bytes;
    content.payload_offset_bytes = head_bytes - format::kContentOffset;
    content.payload_bytes = static_cast<uint32_t>(payload.size());
    content.config_hash = format::ConfigHash(tracks);
    format::Store(content, chunk.data() + format::kContentOffset);
    std::memcpy(chunk.data() + format::kTableOffset, entries.data(), entries.size() * 32);
    std::memcpy(chunk.data() + head_bytes - config_bytes, tracks.data(), config_bytes);
    std::memcpy(chunk.data() + head_bytes, payload.data(), payload.size());
    segment.Chained(format::SealHead(chunk.data(), head_bytes, segment.header().uid));
    TestVolume::MustBeOk(WriteFully(segment.file(), at.offset_bytes, chunk.span()));

    row.seq = at.seq;
    row.offset_bytes = at.offset_bytes;
    row.chunk_bytes = chunk_bytes;
    row.lead_bytes = head_bytes + entries.front().size_bytes;
    segment.Completed(at.seq);
    segment.SyncSubmitted();
    segment.SyncSucceeded();
    segment.AddRow(row, ContentId{});
    return row;
  }

  void AddToIndex(const format::ChunkRow& row, uint16_t volume_number = 1) {
    IndexBatch batch;
    assembler_.Add(row, VolumeNo{volume_number}, volume(volume_number).serial(), &batch);
    TestVolume::MustBeOk(index_.Write(batch));
  }
  format::ChunkRow Store(const ChunkPlan& plan) {
    const format::ChunkRow row = Write(plan);
    AddToIndex(row, plan.volume);
    return row;
  }
  // A GOP of `chunks` chunks of 5 units, 200 ms each, from a clean point on.
  void StoreGop(char run, uint64_t first, WallTime begin, size_t chunks = 5) {
    for (size_t i = 0; i < chunks; ++i) {
      const uint64_t unit = first + 5 * i;
      Store({.run = run,
             .first = unit,
             .begin = begin + kUnitStep * static_cast<int64_t>(5 * i),
             .clean = i == 0});
    }
  }
  // `count` GOPs of a second each.
  void StoreGops(char run, uint64_t first, WallTime begin, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      StoreGop(run, first + 25 * i, begin + std::chrono::seconds(i));
    }
  }

  // In memory alone.
  void Buffer(const ChunkPlan& plan) {
    auto payload = std::make_shared<Bytes>();
    LiveChunk chunk;
    chunk.row = RowOf(plan);
    chunk.units = EntriesOf(plan, payload.get());
    chunk.payload = *payload;
    chunk.tracks = std::make_shared<const Bytes>(format::EncodeTracks(Tracks(plan.width)).value());
    chunk.durable = plan.durable;
    chunk.keep_alive = payload;
    footage_.live.push_back(std::move(chunk));
  }

  void AddRun(char run, WallTime begin, WallTime end, EndCause cause) {
    IndexBatch batch;
    batch.runs.push_back({kStream, RunNamed(run), begin, end, cause});
    TestVolume::MustBeOk(index_.Write(batch));
  }
  void AddGap(WallTime begin, WallTime end, GapCause cause, uint64_t lost = 0) {
    IndexBatch batch;
    batch.gaps.push_back({kStream, begin, end, cause, lost});
    TestVolume::MustBeOk(index_.Write(batch));
  }
  // The segment that is open on a volume goes, and the index learns of it if `tell`.
  void Recycle(uint16_t number, bool tell = true) {
    IndexBatch batch;
    SegmentRow row;
    row.volume = {number};
    row.serial = volume(number).Recycle();
    row.state = SegmentState::kFree;
    batch.segments.push_back(row);
    if (tell) TestVolume::MustBeOk(index_.Write(batch));
  }
  void Corrupt(const format::ChunkRow& row, uint64_t at_bytes, uint16_t number = 1) {
    const uint64_t sector = RoundDown(row.offset_bytes + at_bytes, 512);
    volume(number).disk().CorruptSector(volume(number).file_name(), sector);
  }

  // "run A, tracks 640, A0-24, gap source-lost 5, ~A30-34, damage, end"; ~ is not durable. A GOP
  // begins a new stretch of units.
  static std::string Story(Cursor& cursor, int items_max = 100'000, size_t unit_bytes = 900) {
    std::string story;
    uint64_t last = 0;
    std::string last_whose;
    for (int i = 0; i < items_max; ++i) {
      const Result<Item> item = cursor.Next();
      if (!item.ok()) return story + item.status().ToString();
      const char run = static_cast<char>(item->run.bytes[0]);
      if (item->kind == ItemKind::kUnit) {
        const Unit& unit = item->unit;
        EXPECT_EQ(unit.bytes, UnitContent(run, unit.number.value, unit_bytes)) << story;
        EXPECT_EQ(unit.dts, static_cast<int64_t>(unit.number.value * 3600));
        EXPECT_EQ(unit.pts - unit.dts, unit.number.value % 2 == 0 ? 7200 : 0);
        const std::string whose = (item->durable ? "" : "~") + (std::string() + run);
        const bool joins = !item->gop_begin && unit.number.value == last + 1 &&
                           story.ends_with("-") && whose == last_whose;
        if (!joins) {
          Finish(&story, last);
          story += whose + std::to_string(unit.number.value) + "-";
        }
        last_whose = whose;
        last = unit.number.value;
        continue;
      }
      Finish(&story, last);
      story += Words(*item) + (item->kind == ItemKind::kEnd ? "" : ", ");
      if (item->kind == ItemKind::kEnd) break;
    }
    Finish(&story, last);
    return story;
  }

  SimClock clock_;
  MemoryIndex index_;
  GopAssembler assembler_;
  FakeFootage footage_;

 private:
  static void Finish(std::string* story, uint64_t last) {
    if (story->ends_with("-")) *story += std::to_string(last) + ", ";
  }
  static std::string Words(const Item& item) {
    switch (item.kind) {
      case ItemKind::kTracks:
        return "tracks " + (item.tracks.empty() ? "unknown" : std::to_string(item.tracks[0].width));
      case ItemKind::kRunBegin:
        return std::string("run ") + static_cast<char>(item.run.bytes[0]);
      case ItemKind::kGap:
        return "gap " + std::string(GapCauseName(item.gap.cause)) + " " +
               std::to_string((item.gap.end - item.gap.begin).count() / 1'000'000) + "ms" +
               (item.gap.units_lost == 0 ? "" : " " + std::to_string(item.gap.units_lost));
      case ItemKind::kDamage:
        return "damage";
      default:
        return "end";
    }
  }
};

}  // namespace reel
