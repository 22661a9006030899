#include "tests/ingest/ingest_fixture.h"

#include <cstdlib>

#include "engine/io/disk_factory.h"

namespace reel::server {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);
constexpr auto kLookAgain = std::chrono::milliseconds(20);

}  // namespace

WallTime PushedClock::WallNow() {
  const std::lock_guard lock(mutex_);
  return SystemClock().WallNow() + wall_;
}
MonoTime PushedClock::MonoNow() {
  const std::lock_guard lock(mutex_);
  return SystemClock().MonoNow() + mono_;
}
void PushedClock::Advance(Duration by) {
  const std::lock_guard lock(mutex_);
  wall_ += by;
  mono_ += by;
}
void PushedClock::JumpWall(Duration by) {
  const std::lock_guard lock(mutex_);
  wall_ += by;
}

std::vector<Bytes> Recorded::Contents(uint8_t track) const {
  std::vector<Bytes> contents;
  for (const RecordedUnit& recorded : units) {
    if (recorded.unit.track.value == track) contents.push_back(recorded.unit.bytes);
  }
  return contents;
}

IngestTest::IngestTest() {
  std::string name = (std::filesystem::temp_directory_path() / "reel-ingest-XXXXXX").string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  folder_ = name;
  std::filesystem::create_directories(folder_ / "state");
  std::filesystem::create_directories(folder_ / "disk");
  Store::Options options;
  options.state_path = folder_ / "state";
  options.open_disk = [](const std::string& path) { return OpenDisk(path); };
  options.clock = &clock_;
  options.index = &index_;
  options.flush_interval = std::chrono::milliseconds(50);
  // The test pushes the clock on: that is no disk that hangs.
  options.stall_after = std::chrono::hours(100);
  options.offline_after = std::chrono::hours(100);
  EXPECT_TRUE(Store::Init(options, {{folder_ / "disk", 256U << 20, 16U << 20, 0, "auto"}}).ok());
  auto store = Store::Open(options);
  EXPECT_TRUE(store.ok()) << store.status().ToString();
  store_ = *std::move(store);
}

IngestTest::~IngestTest() {
  cameras_.reset();
  EXPECT_TRUE(store_->Close().ok());
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void IngestTest::StartCameras(uint32_t loops) {
  IngestOptions options;
  options.store = store_.get();
  options.clock = &clock_;
  options.random = &random_;
  options.loops = loops;
  options.feed_command = feed_command_;
  options.max_bytes_per_second_each = max_bytes_per_second_each_;
  options.on_change = [this](const SourceStatus& status) {
    {
      const std::lock_guard lock(mutex_);
      std::vector<std::string>& troubles = troubles_[status.stream];
      const bool fresh = troubles.empty() || troubles.back() != status.trouble;
      if (fresh && !status.trouble.empty()) troubles.push_back(status.trouble);
    }
    changed_.notify_all();
  };
  auto cameras = Cameras::Start(options);
  ASSERT_TRUE(cameras.ok()) << cameras.status().ToString();
  cameras_ = *std::move(cameras);
}

void IngestTest::Apply(const std::vector<CameraConfig>& cameras) {
  const Status status = cameras_->Apply(cameras);
  ASSERT_TRUE(status.ok()) << status.ToString();
}

CameraConfig IngestTest::CameraAt(const std::string& name, const std::string& url) {
  CameraConfig camera;
  camera.name = name;
  SourceConfig source;
  source.stream = name;
  source.url = url;
  camera.sources.push_back(source);
  return camera;
}

bool IngestTest::Await(const std::function<bool()>& true_now) {
  const MonoTime begin = SystemClock().MonoNow();
  std::unique_lock lock(mutex_);
  for (;;) {
    lock.unlock();
    if (true_now()) return true;
    lock.lock();
    if (SystemClock().MonoNow() - begin > kPatience) return false;
    // Not everything that a test waits for is told.
    changed_.wait_for(lock, kLookAgain);
  }
}

bool IngestTest::AwaitTrouble(const std::string& stream, const std::string& part) {
  return Await([&] {
    const std::vector<std::string> troubles = TroublesOf(stream);
    return std::any_of(troubles.begin(), troubles.end(), [&](const std::string& trouble) {
      return trouble.find(part) != std::string::npos;
    });
  });
}

bool IngestTest::AwaitState(const std::string& stream, SourceState state) {
  return Await([&] { return StatusOf(stream).state == state; });
}

SourceStatus IngestTest::StatusOf(const std::string& stream) {
  for (const SourceStatus& status : cameras_->Sources()) {
    if (status.stream == stream) return status;
  }
  return {};
}

std::vector<std::string> IngestTest::TroublesOf(const std::string& stream) {
  const std::lock_guard lock(mutex_);
  return troubles_[stream];
}

StreamId IngestTest::IdOf(const std::string& stream) { return store_->FindStream(stream)->id; }

Recorded IngestTest::Read(const std::string& stream) {
  Recorded recorded;
  auto cursor = store_->Read(IdOf(stream), {});
  EXPECT_TRUE(cursor.ok());
  for (;;) {
    Result<Item> item = (*cursor)->Next();
    EXPECT_TRUE(item.ok()) << item.status().ToString();
    if (!item.ok() || item->kind == ItemKind::kEnd) return recorded;
    EXPECT_NE(item->kind, ItemKind::kDamage) << item->status.ToString();
    if (item->kind == ItemKind::kRunBegin) recorded.runs.push_back(item->run);
    if (item->kind == ItemKind::kTracks) recorded.tracks = item->tracks;
    if (item->kind == ItemKind::kUnit) recorded.units.push_back({item->run, std::move(item->unit)});
  }
}

Recorded IngestTest::ReadWhen(const std::string& stream, size_t units) {
  Recorded recorded;
  EXPECT_TRUE(Await([&] {
    recorded = Read(stream);
    return recorded.units.size() >= units;
  })) << "only "
      << recorded.units.size() << " units";
  return recorded;
}

std::vector<GapRow> IngestTest::GapsOf(const std::string& stream) {
  const auto timeline = store_->GetTimeline(IdOf(stream), {kWallMin, kWallMax}, Bucket::kDay);
  EXPECT_TRUE(timeline.ok());
  std::vector<GapRow> gaps;
  for (const GapRow& gap : timeline->gaps) {
    // Before the stream was made there is always one.
    if (gap.begin != kWallMin && gap.cause != GapCause::kNotRecorded) gaps.push_back(gap);
  }
  return gaps;
}

bool IngestTest::HasGap(const std::string& stream, GapCause cause) {
  const std::vector<GapRow> gaps = GapsOf(stream);
  return std::any_of(gaps.begin(), gaps.end(),
                     [cause](const GapRow& gap) { return gap.cause == cause; });
}

}  // namespace reel::server
