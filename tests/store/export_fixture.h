// A simulated node with one stream to export from, and what was recorded to compare with.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/aligned.h"
#include "engine/io/transfer.h"
#include "engine/media/nal.h"
#include "reel/export.h"
#include "tests/media/mp4_demuxer.h"
#include "tests/sim/sim_world.h"

namespace reel {

inline constexpr int kGop = 10;  // units
inline constexpr Duration kStep = std::chrono::milliseconds(40);

inline Bytes FromHex(std::string_view hex) {
  Bytes bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    bytes.push_back(static_cast<std::byte>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  }
  return bytes;
}

// Parameter sets of a real encoder: 64x48 and, with other bytes, a second set of the same size.
inline Bytes Sets(int which) {
  Bytes sets;
  AppendLengthPrefixed(FromHex("6764000aacd9447b011000000300100000030140f1225960"), &sets);
  Bytes pps = FromHex("68ef839cb0");
  if (which > 0) pps.push_back(std::byte{0x80});
  AppendLengthPrefixed(pps, &sets);
  return sets;
}

inline TrackInfo Video(int sets = 0) {
  TrackInfo track;
  track.id = {1};
  if (sets >= 0) track.config = Sets(sets);
  return track;
}

inline TrackInfo Sound() {
  TrackInfo track;
  track.id = {2};
  track.kind = TrackKind::kAudio;
  track.codec = Codec::kAac;
  track.timescale = 8000;
  track.sample_rate_hz = 8000;
  track.channels = 1;
  track.config = FromHex("1588");
  return track;
}

// What was recorded, to compare with.
struct Recorded {
  RunId run;
  UnitNumber number;
  TrackId track;
  Bytes bytes;
  WallTime wall;
  uint8_t flags = 0;
};

class ExportTest : public testing::Test {
 protected:
  ExportTest() {
    WorldOptions options;
    options.segment_bytes = 256U << 10;
    options.segments = 12;
    world_ = std::make_unique<SimWorld>(options);
    EXPECT_TRUE(world_->Init().ok());
    auto opened = world_->Open(index_);
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = std::move(*opened);
    auto created = store_->CreateStream("gate east");
    EXPECT_TRUE(created.ok());
    stream_ = created->id;
    begin_ = WallTime{world_->clock().WallNow().ns / 1'000'000'000 * 1'000'000'000};
  }

  WallTime At(Duration offset) const { return begin_ + offset; }

  void BeginRun(const std::vector<TrackInfo>& tracks) {
    RunOptions options;
    options.tracks = tracks;
    options.wall_uncertainty_us = 1500;
    auto run = store_->BeginRun(stream_, options);
    ASSERT_TRUE(run.ok()) << run.status().ToString();
    run_ = std::move(*run);
    next_ = {0};
  }

  void Append(TrackId track, Bytes bytes, uint8_t flags, int64_t pts, int64_t dts, WallTime wall) {
    UnitView view{track, flags, pts, dts, wall, bytes};
    ASSERT_TRUE(run_->Append(next_, view, AppendMode::kBulk).ok());
    recorded_.push_back({run_->run(), next_, track, std::move(bytes), wall, flags});
    next_ = {next_.value + 1};
    world_->clock().Advance(std::chrono::milliseconds(20));
    store_->RunOnce(std::chrono::milliseconds(1));
  }

  Bytes Picture(bool clean, Bytes in_band = {}) {
    Bytes nal(clean ? 3000 : 300);
    rng_.Fill(nal);
    nal[0] = static_cast<std::byte>(clean ? 0x65 : 0x41);
    AppendLengthPrefixed(nal, &in_band);
    return in_band;
  }

  // `count` pictures from `begin` on, a clean point each kGop.
  void Pictures(int count, WallTime begin, uint8_t clean_flags = kUnitClean) {
    for (int i = 0; i < count; ++i) {
      const bool clean = i % kGop == 0;
      Append({1}, Picture(clean), clean ? clean_flags : 0, i * 3600, i * 3600, begin + kStep * i);
    }
  }

  void EndRun(EndCause cause = EndCause::kEnded) {
    ASSERT_TRUE(run_->End(cause).ok());
    run_.reset();
    ASSERT_TRUE(store_->WaitIdle(std::chrono::seconds(60)).ok());
  }

  using Files = std::vector<std::unique_ptr<VirtualMp4>>;

  Files Open(const ExportOptions& options) {
    Result<Files> files = store_->OpenExport(stream_, options);
    EXPECT_TRUE(files.ok()) << files.status().ToString();
    return files.ok() ? *std::move(files) : Files();
  }
  ExportOptions From(Duration begin, Duration end) const {
    ExportOptions options;
    options.range = {At(begin), At(end)};
    return options;
  }

  static Bytes ReadAt(VirtualMp4& file, uint64_t offset, uint64_t size) {
    Bytes bytes(size);
    const Result<size_t> got = file.Read(offset, bytes);
    EXPECT_TRUE(got.ok()) << got.status().ToString();
    if (got.ok()) bytes.resize(*got);
    return bytes;
  }
  static Bytes ReadWhole(VirtualMp4& file) { return ReadAt(file, 0, file.size_bytes()); }
  static Demuxed DemuxedOf(VirtualMp4& file) {
    return Demux([&](uint64_t offset, uint64_t size) { return ReadAt(file, offset, size); },
                 file.size_bytes());
  }

  // Every frame of the file is the unit it says, byte for byte, where a reader looks for it.
  void ExpectFramesAreUnits(VirtualMp4& file, size_t skip_bytes = 0) {
    const Demuxed found = DemuxedOf(file);
    std::map<TrackId, size_t> numbers;
    const std::vector<TrackInfo>& tracks = file.info().tracks;
    for (size_t i = 0; i < file.frame_count(); ++i) {
      const ExportFrame frame = file.frame(i);
      const auto unit = std::find_if(recorded_.begin(), recorded_.end(), [&](const Recorded& r) {
        return r.run == frame.run && r.number == frame.unit;
      });
      ASSERT_NE(unit, recorded_.end());
      EXPECT_EQ(unit->track, frame.track);
      EXPECT_EQ(unit->flags, frame.flags);
      const auto track = std::find_if(tracks.begin(), tracks.end(),
                                      [&](const TrackInfo& t) { return t.id == frame.track; });
      const auto number = static_cast<uint32_t>(track - tracks.begin() + 1);
      const DemuxedSample& sample = found.tracks.at(number).samples.at(numbers[frame.track]++);
      const size_t skip = frame.track == TrackId{2} ? skip_bytes : 0;
      const Bytes expected(unit->bytes.begin() + static_cast<ptrdiff_t>(skip), unit->bytes.end());
      ASSERT_EQ(ReadAt(file, sample.offset, sample.size), expected) << i;
    }
    for (const auto& [track, number] : numbers) EXPECT_GT(number, 0U);
  }

  static std::vector<uint64_t> Units(const VirtualMp4& file, bool shown) {
    std::vector<uint64_t> units;
    for (size_t i = 0; i < file.frame_count(); ++i) {
      if (file.frame(i).shown == shown) units.push_back(file.frame(i).unit.value);
    }
    return units;
  }
  static std::vector<uint64_t> Numbers(uint64_t begin, uint64_t end) {
    std::vector<uint64_t> numbers;
    while (begin < end) numbers.push_back(begin++);
    return numbers;
  }

  static const ExportChunk& ChunkOf(const VirtualMp4& file, uint64_t unit) {
    const std::vector<ExportChunk>& chunks = file.info().chunks;
    return *std::find_if(chunks.begin(), chunks.end(),
                         [&](const ExportChunk& c) { return c.first_unit.value == unit; });
  }

  // A sector in the middle of a clean point.
  void CorruptCleanPoint(const VirtualMp4& file, uint64_t unit) {
    const ExportChunk& chunk = ChunkOf(file, unit);
    SimDisk& disk = world_->disk(1);
    for (uint32_t i = 0; i < 64; ++i) {
      char name[32];
      std::snprintf(name, sizeof name, "segment-%08u", i);
      AlignedBytes first(4096);
      auto segment = disk.Open(name, OpenMode::kReadOnly);
      if (!segment.ok() || !ReadExactly(**segment, 0, first.span()).ok()) continue;
      const bool is_it = std::memcmp(first.data() + 16, chunk.segment.bytes.data(), 16) == 0;
      if (is_it) disk.CorruptSector(name, chunk.offset_bytes + 1024);
    }
  }

  std::unique_ptr<SimWorld> world_;
  MemoryIndex index_;
  std::unique_ptr<Store> store_;
  StreamId stream_;
  WallTime begin_;
  std::unique_ptr<RunWriter> run_;
  UnitNumber next_;
  Rng rng_{3};
  std::vector<Recorded> recorded_;
};

}  // namespace reel
