// A volume on a simulated disk and a client that notes what it is told.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "engine/testing/sim_disk.h"
#include "engine/volume/volume.h"
#include "tests/segment/chunk_maker.h"

namespace reel {

struct NotingClient : VolumeClient {
  std::deque<ChunkPtr> due;
  std::vector<ChunkPtr> written;
  std::vector<ChunkPtr> durable;
  std::vector<VolumeHealth> troubles;
  std::vector<ChunkPtr> handed_back;
  std::vector<SegmentRow> segments;
  std::vector<SegmentRow> recycled;
  std::vector<SalvageReport> salvages;
  bool may_recycle = true;
  bool may_reuse = true;

  void Collect(VolumeNo, MonoTime, size_t max_chunks, std::vector<ChunkPtr>* out) override {
    while (!due.empty() && max_chunks-- > 0) {
      out->push_back(due.front());
      due.pop_front();
    }
  }
  void OnWritten(const std::vector<ChunkPtr>& chunks) override {
    written.insert(written.end(), chunks.begin(), chunks.end());
  }
  void OnDurable(VolumeNo, const std::vector<ChunkPtr>& chunks) override {
    durable.insert(durable.end(), chunks.begin(), chunks.end());
  }
  void OnTrouble(VolumeNo, VolumeHealth health, const Status&,
                 const std::vector<ChunkPtr>& chunks) override {
    troubles.push_back(health);
    handed_back.insert(handed_back.end(), chunks.begin(), chunks.end());
  }
  void OnSegment(const SegmentRow& row, const std::vector<format::ChunkRow>&) override {
    segments.push_back(row);
  }
  void OnSalvage(const SalvageReport& report) override { salvages.push_back(report); }
  void OnRecycled(const SegmentRow& row) override { recycled.push_back(row); }
  bool MayRecycle(const SegmentRow&) override { return may_recycle; }
  bool MayReuse(VolumeNo) override { return may_reuse; }

  std::set<uint64_t> durable_units() const {
    std::set<uint64_t> units;
    for (const ChunkPtr& chunk : durable) units.insert(chunk->row.first_unit.value);
    return units;
  }
};

class VolumeTest : public ::testing::Test {
 protected:
  void Format(uint32_t segments, format::Placement placement = format::Placement::kLog,
              uint32_t granule_bytes = 4096, uint64_t segment_bytes = 64U << 10) {
    SimDiskOptions options;
    options.clock = &clock_;
    options.granule_bytes = granule_bytes;
    disk_ = std::make_unique<SimDisk>(options);
    Volume::FormatOptions format;
    format.node.bytes.fill(7);
    format.segment_bytes = segment_bytes;
    format.segment_count_max = segments;
    format.granule_bytes = granule_bytes;
    format.placement = placement;
    ASSERT_TRUE(Volume::Format(*disk_, clock_, random_, format).ok());
  }
  Volume::Options OptionsOf() {
    Volume::Options options;
    options.number = {1};
    options.node.bytes.fill(7);
    options.log = [this](LogLevel, std::string_view text) { log_.emplace_back(text); };
    return options;
  }
  void Open() {
    auto volume = Volume::Open(*disk_, clock_, random_, client_, OptionsOf());
    ASSERT_TRUE(volume.ok()) << volume.status().ToString();
    volume_ = std::move(*volume);
  }
  void Give(uint64_t unit, uint32_t payload_bytes = 3000, ClassId retention_class = kDefaultClass) {
    made::ChunkWish wish;
    wish.first_unit = {unit};
    wish.payload_bytes = payload_bytes;
    wish.clean = unit % 4 == 0;
    client_.due.push_back(made::MakePending(*pool_, wish, retention_class));
  }
  void Turn(int turns = 1, bool maintain = true) {
    for (int i = 0; i < turns; ++i) {
      volume_->RunOnce(clock_.MonoNow(), std::chrono::milliseconds(1));
      volume_->Digest();
      if (maintain) volume_->Maintain();
      clock_.Advance(std::chrono::milliseconds(1));
    }
  }
  SegmentPool& pool() { return volume_->pool(); }
  // Of footage, sealed.
  SegmentSerial Oldest() {
    for (const SegmentPool::Opened& life : pool().Lives()) {
      if (life.state != SegmentPool::FileState::kSealed) continue;
      if (life.header.retention_class == kDefaultClass) return life.header.serial;
    }
    return {};
  }
  // Gives and turns until `done`.
  void Record(uint64_t* unit, const std::function<bool()>& done) {
    while (!done()) {
      ASSERT_LT(*unit, 500U);
      Give((*unit)++, 15000);
      Turn(12);
    }
  }

  SimClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<SimDisk> disk_;
  std::unique_ptr<BufferPool> pool_ = *BufferPool::Create(16U << 20);
  NotingClient client_;
  std::unique_ptr<Volume> volume_;
  std::vector<std::string> log_;
};

}  // namespace reel
