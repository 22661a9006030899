#include "bench/scale_node.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "bench/sim_node.h"
#include "bench/usage.h"

namespace reel::bench {
namespace {

constexpr uint64_t kSegmentBytes = 128 << 10;
constexpr uint32_t kMainBytes = 11'000;  // a chunk of three blocks
constexpr uint32_t kSubBytes = 2'800;    // of one
constexpr Duration kTurn = std::chrono::milliseconds(1);
constexpr int kTurnsMax = 100'000;
constexpr int kSettleTurns = 20;

// Of a unit, all the same byte: one that belongs to stream and number.
std::byte ByteOf(size_t stream, uint64_t number) {
  return static_cast<std::byte>(1 + (stream * 31 + number) % 255);
}

}  // namespace

ScaleNode::~ScaleNode() { streams_.clear(); }

Store::Options ScaleNode::OptionsFor() {
  Store::Options options;
  options.state_path = "0";
  options.open_disk = [this](const std::string& path) {
    size_t number = 0;
    (void)std::from_chars(path.data(), path.data() + path.size(), number);  // written by Open
    return Result<std::unique_ptr<Disk>>(Lend(*disks_[number]));
  };
  options.clock = &clock_;
  options.random = &random_;
  options.index = index_.get();
  options.manual = true;
  options.buffer_bytes = shape_.buffer_bytes;
  options.flush_interval = std::chrono::seconds(1);
  options.log = [this](LogLevel level, std::string_view text) {
    if (level != LogLevel::kInfo) complaints_.emplace_back(text);
  };
  return options;
}

Result<std::unique_ptr<ScaleNode>> ScaleNode::Open(const ScaleShape& shape) {
  std::unique_ptr<ScaleNode> node(new ScaleNode(shape));
  const uint64_t volume_bytes = kSegmentBytes * shape.segments;
  std::vector<Store::InitVolume> volumes;
  for (uint32_t i = 0; i <= shape.volumes; ++i) {
    node->disks_.push_back(
        std::make_unique<ThinDisk>(node->clock_, volume_bytes + (uint64_t{64} << 20)));
    if (i == 0) continue;
    Store::InitVolume volume;
    volume.path = std::to_string(i);
    volume.bytes = volume_bytes;
    volume.segment_bytes = kSegmentBytes;
    volume.granule_bytes = 4096;
    volume.placement = "log";
    volumes.push_back(volume);
  }
  REEL_ASSIGN_OR_RETURN(node->index_, OpenRocksIndex(shape.directory, {}));
  REEL_RETURN_IF_ERROR(Store::Init(node->OptionsFor(), volumes));
  REEL_ASSIGN_OR_RETURN(node->store_, Store::Open(node->OptionsFor()));
  node->streams_.resize(size_t{2} * shape.cameras);
  for (size_t i = 0; i < node->streams_.size(); ++i) {
    const std::string name = "camera-" + std::to_string(i / 2) + (i % 2 == 0 ? "-main" : "-sub");
    REEL_ASSIGN_OR_RETURN(const StreamInfo info, node->store_->CreateStream(name));
    node->streams_[i].id = info.id;
    node->streams_[i].unit_bytes = i % 2 == 0 ? kMainBytes : kSubBytes;
  }
  const Status begun = node->BeginRuns();
  if (!begun.ok()) return begun.WithContext(node->complaint());
  return node;
}

Status ScaleNode::BeginRuns() {
  for (size_t i = 0; i < streams_.size(); ++i) {
    RunOptions options;
    TrackInfo track;
    track.id = TrackId{1};
    track.width = i % 2 == 0 ? 1920 : 640;
    track.height = i % 2 == 0 ? 1080 : 360;
    options.tracks = {track};
    streams_[i].next = 0;
    REEL_ASSIGN_OR_RETURN(streams_[i].writer, store_->BeginRun(streams_[i].id, options));
  }
  return OkStatus();
}

Status ScaleNode::Record() {
  Bytes bytes(kMainBytes);
  for (size_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = streams_[i];
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
    // Zeros cost a thin disk nothing; what tells one unit from another stands in front.
    std::fill_n(bytes.begin(), 16, ByteOf(i, stream.next));
    UnitView unit;
    unit.track = TrackId{1};
    unit.flags = kUnitClean;
    unit.wall = clock_.WallNow();
    unit.bytes = ByteSpan(bytes).first(stream.unit_bytes);
    REEL_RETURN_IF_ERROR(stream.writer->Append(UnitNumber{stream.next}, unit, AppendMode::kLive));
    ++stream.next;
    stream.writer->Flush();
    if (i % 256 == 0) store_->RunOnce(Duration{0});
  }
  const auto durable = [&](const Stream& stream) {
    return stream.writer->watermarks().durable.value == stream.next;
  };
  for (int turn = 0; !std::all_of(streams_.begin(), streams_.end(), durable); ++turn) {
    if (turn == kTurnsMax) return {Code::kDeadlineExceeded, "a unit does not become durable"};
    if (turn % 16 == 0)
      buffer_bytes_max_ = std::max(buffer_bytes_max_, store_->counters().buffer_bytes_in_use);
    const bool moved = store_->RunOnce(Duration{0});
    // Syncs are at least 10 ms apart; where nothing moves, something waits for that or for room.
    clock_.Advance(kTurn);
    if (!moved) ++turns_without_room_;
  }
  // Nothing is on its way when hours pass at once: it would have waited for hours.
  REEL_RETURN_IF_ERROR(store_->WaitIdle(std::chrono::minutes(1)));
  for (int turn = 0; turn < kSettleTurns; ++turn) {
    store_->RunOnce(Duration{0});
    clock_.Advance(kTurn);
  }
  ++round_;
  clock_.Advance(shape_.step);
  return OkStatus();
}

Result<ScaleNode::Ages> ScaleNode::CheckFootage() {
  constexpr size_t kBatch = 4096;
  Ages ages;
  ages.least = Duration::max();
  for (const Stream& stream : streams_) {
    REEL_ASSIGN_OR_RETURN(const std::vector<GopRow> gops,
                          index_->Gops(stream.id, kWallMin, Direction::kForward, kBatch));
    if (gops.empty()) return DataLoss("a stream has no footage");
    for (size_t i = 1; i < gops.size(); ++i) {
      if (gops[i].begin - gops[i - 1].begin > shape_.step * 3 / 2)
        return DataLoss("a GOP is gone between two that are there");
    }
    if (clock_.WallNow() - gops.back().begin > shape_.step * 3 / 2)
      return DataLoss("the newest GOP of a stream is gone");
    const Duration age = clock_.WallNow() - gops.front().begin;
    ages.least = std::min(ages.least, age);
    ages.most = std::max(ages.most, age);
    ages.gops += gops.size();
  }
  return ages;
}

Result<ScaleNode::Pools> ScaleNode::CheckPools() {
  Pools pools;
  pools.least = UINT64_MAX;
  for (const VolumeInfo& volume : store_->Volumes()) {
    if (volume.state != "good") return Unavailable("a volume is " + volume.state);
    REEL_ASSIGN_OR_RETURN(const std::vector<SegmentRow> rows, store_->Segments(volume.number));
    uint64_t live = 0;
    SegmentSerial oldest_live{UINT64_MAX};
    SegmentSerial newest_dead;
    for (const SegmentRow& row : rows) {
      const bool dead = row.state == SegmentState::kRetired || row.state == SegmentState::kFree;
      if (row.retention_class == kLedgerClass) {
        pools.ledger += dead ? 0 : 1;
      } else if (dead) {
        newest_dead = std::max(newest_dead, row.serial);
      } else {
        oldest_live = std::min(oldest_live, row.serial);
        ++live;
      }
    }
    if (newest_dead > oldest_live) return DataLoss("a newer segment went before an older one");
    pools.least = std::min(pools.least, live);
    pools.most = std::max(pools.most, live);
  }
  return pools;
}

uint64_t ScaleNode::IndexBytes() const {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(shape_.directory)) {
    if (entry.path().extension() == ".sst") bytes += entry.file_size();
  }
  return bytes;
}

uint64_t ScaleNode::disk_bytes_held() const {
  uint64_t bytes = 0;
  for (const auto& disk : disks_) bytes += disk->held_bytes();
  return bytes;
}

Status ScaleNode::Verify() {
  std::string first;
  const auto report = store_->Verify([&](const std::string& problem) {
    if (first.empty()) first = problem;
  });
  REEL_RETURN_IF_ERROR(report.status());
  return report->problems == 0 ? OkStatus() : DataLoss(first);
}

Result<ScaleNode::Recovery> ScaleNode::Crash(const SimLatency& latency) {
  for (Stream& stream : streams_) stream.writer.reset();
  store_.reset();
  Recovery recovery;
  std::vector<ThinDisk::Counts> before;
  for (const auto& disk : disks_) {
    disk->set_latency(latency);
    before.push_back(disk->counts());
  }
  const MonoTime begin = clock_.MonoNow();
  const Usage usage = Usage::Now();
  REEL_ASSIGN_OR_RETURN(store_, Store::Open(OptionsFor()));
  recovery.opened = clock_.MonoNow() - begin;
  recovery.open_cpu_seconds = (Usage::Now() - usage).cpu_seconds;
  for (size_t i = 0; i < disks_.size(); ++i) {
    const ThinDisk::Counts& now = disks_[i]->counts();
    recovery.reads += now.reads - before[i].reads;
    recovery.slowest_volume = std::max(recovery.slowest_volume, now.busy - before[i].busy);
  }
  REEL_RETURN_IF_ERROR(BeginRuns());
  REEL_RETURN_IF_ERROR(Record());
  REEL_RETURN_IF_ERROR(store_->WaitIdle(std::chrono::hours(1)));
  recovery.idle = clock_.MonoNow() - begin - shape_.step;
  for (const VolumeInfo& volume : store_->Volumes()) recovery.segments += volume.segments_in_use;
  return recovery;
}

}  // namespace reel::bench
