// A camera behind a network that fails: what is recorded is what was sent, and what is not recorded
// has a cause.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/media/nal.h"
#include "tests/ingest/ingest_fixture.h"
#include "tests/ingest/network.h"
#include "tests/ingest/peer_camera.h"
#include "tests/media/footage.h"

namespace reel::server {
namespace {

using std::chrono::seconds;

class NetworkTest : public IngestTest {
 protected:
  void SetUp() override {
    networks_ = MakeNetworks();
    if (networks_ == nullptr) GTEST_SKIP() << "networks take root and the program ip";
    feed_command_ = {REEL_TEST_FEED};
    networks_->InCameras([this] {
      peer_ = std::make_unique<PeerCamera>(
          std::vector<std::string>{std::string("/h264=") + FilePath(kH264),
                                   std::string("/h265=") + FilePath(kH265)},
          0, TwoNetworks::kCamera);
    });
    StartCameras();
  }
  void TearDown() override {
    cameras_.reset();
    peer_.reset();
    networks_.reset();
  }

  virtual std::unique_ptr<TwoNetworks> MakeNetworks() { return TwoNetworks::Make(); }
  // Both films by UDP, as cameras "h264" and "h265".
  void RecordByUdp() {
    std::vector<CameraConfig> cameras{CameraAt("h264", peer_->url("/h264")),
                                      CameraAt("h265", peer_->url("/h265"))};
    for (CameraConfig& camera : cameras) camera.transport = Transport::kUdp;
    Apply(cameras);
  }

  static std::vector<Bytes> SentSlices(Codec codec) {
    const char* file = codec == Codec::kH264 ? kH264 : kH265;
    return Slices(codec, SplitUnits(codec, ReadFootage(file)));
  }
  // Every run by itself is what was sent, without a hole.
  void ExpectRunsAreSent(const std::string& stream, Codec codec) {
    const Recorded recorded = Read(stream);
    const std::vector<Bytes> sent = SentSlices(codec);
    for (const RunId run : recorded.runs) {
      std::vector<Bytes> units;
      for (const RecordedUnit& unit : recorded.units) {
        EXPECT_EQ(unit.unit.flags & kUnitLossBefore, 0) << stream;
        if (unit.run == run) units.push_back(unit.unit.bytes);
      }
      EXPECT_TRUE(StandsIn(Slices(codec, units), sent)) << stream << ": a run of " << units.size();
    }
  }

  std::unique_ptr<TwoNetworks> networks_;
  std::unique_ptr<PeerCamera> peer_;
};

TEST_F(NetworkTest, ACutIsAGapAndRecordingGoesOn) {
  struct Way {
    std::string name;
    std::string url;
    Transport transport;
    Codec codec;
  };
  const std::vector<Way> ways = {
      {"tcp", peer_->url("/h264"), Transport::kTcp, Codec::kH264},
      {"udp", peer_->url("/h265"), Transport::kUdp, Codec::kH265},
      {"feed", "ffmpeg:" + peer_->url("/h264"), Transport::kTcp, Codec::kH264},
  };
  std::vector<CameraConfig> cameras;
  for (const Way& way : ways) {
    cameras.push_back(CameraAt(way.name, way.url));
    cameras.back().transport = way.transport;
  }
  Apply(cameras);
  std::map<std::string, size_t> before;
  for (const Way& way : ways) ReadWhen(way.name, 30);

  networks_->Cut();
  clock_.Advance(seconds(12));
  for (const Way& way : ways) EXPECT_TRUE(AwaitTrouble(way.name, "silent for")) << way.name;
  clock_.Advance(seconds(10));
  for (const Way& way : ways) {
    EXPECT_TRUE(AwaitState(way.name, SourceState::kWaiting)) << way.name;
    before[way.name] = Read(way.name).units.size();
  }
  networks_->Join();
  for (const Way& way : ways) {
    ReadWhen(way.name, before[way.name] + 30);
    EXPECT_TRUE(Await([&] { return HasGap(way.name, GapCause::kSourceStalled); })) << way.name;
    EXPECT_GE(Read(way.name).runs.size(), 2U);
    ExpectRunsAreSent(way.name, way.codec);
  }
}

// A recorded unit counts as whole where neither it nor the one behind it says that something was
// lost before it. Those are units that were sent, and neighbours are neighbours. Of the others
// every NAL unit is one that was sent: nothing is glued over a loss.
void ExpectWholeOrMarked(const Recorded& recorded, Codec codec, const std::vector<Bytes>& film) {
  std::set<Bytes> sent_nals;
  std::vector<std::vector<Bytes>> pictures;
  pictures.reserve(film.size());
  for (const Bytes& unit : film) pictures.push_back(Slices(codec, {unit}));
  for (const std::vector<Bytes>& picture : pictures)
    sent_nals.insert(picture.begin(), picture.end());
  std::set<size_t> places;  // where in the film the unit before may have stood; empty: anywhere
  size_t whole = 0;
  for (size_t i = 0; i + 1 < recorded.units.size(); ++i) {
    const std::vector<Bytes> slices = Slices(codec, {recorded.units[i].unit.bytes});
    for (const Bytes& slice : slices) EXPECT_TRUE(sent_nals.contains(slice)) << "unit " << i;
    const bool lost_before = (recorded.units[i].unit.flags & kUnitLossBefore) != 0;
    const bool lost_behind = (recorded.units[i + 1].unit.flags & kUnitLossBefore) != 0;
    if (lost_before) places.clear();
    if (lost_before || lost_behind) continue;
    ++whole;
    std::set<size_t> now;
    for (size_t at = 0; at < pictures.size(); ++at) {
      const size_t before = (at + pictures.size() - 1) % pictures.size();
      const bool follows = places.empty() || places.contains(before);
      if (follows && pictures[at] == slices) now.insert(at);
    }
    EXPECT_FALSE(now.empty()) << "unit " << i << " was not sent like this";
    places = std::move(now);
  }
  EXPECT_GT(whole, recorded.units.size() / 10);
}

TEST_F(NetworkTest, WhatANarrowNetworkLosesIsMarked) {
  constexpr size_t kUnits = 250;
  RecordByUdp();
  for (const char* name : {"h264", "h265"}) ReadWhen(name, 10);
  if (!networks_->Narrow(/*kbit_per_second=*/2000, /*queue_bytes=*/12'000)) {
    GTEST_SKIP() << "networks are narrowed by tc and its tbf";
  }
  for (const Codec codec : {Codec::kH264, Codec::kH265}) {
    const std::string name = codec == Codec::kH264 ? "h264" : "h265";
    const Recorded recorded = ReadWhen(name, kUnits);
    EXPECT_TRUE(Await([&] { return StatusOf(name).packets_lost > 0; })) << name;
    EXPECT_EQ(recorded.runs.size(), 1U);
    const char* file = codec == Codec::kH264 ? kH264 : kH265;
    ExpectWholeOrMarked(recorded, codec, SplitUnits(codec, ReadFootage(file)));
  }
}

// In packets, of the 64 that a reordering by UDP waits for.
constexpr size_t kWithinWindow = 16;
constexpr size_t kBeyondWindow = 96;

class UnrulyNetworkTest : public NetworkTest {
 protected:
  std::unique_ptr<TwoNetworks> MakeNetworks() override { return TwoNetworks::MakeUnruly(); }
};

TEST_F(UnrulyNetworkTest, WhatComesInDisorderOrTwiceIsPutRight) {
  networks_->cable().Become({.seed = 7, .block = kWithinWindow, .twice_in = 4});
  RecordByUdp();
  for (const Codec codec : {Codec::kH264, Codec::kH265}) {
    const std::string name = codec == Codec::kH264 ? "h264" : "h265";
    const Recorded recorded = ReadWhen(name, 250);
    EXPECT_EQ(recorded.runs.size(), 1U) << name;
    EXPECT_EQ(StatusOf(name).packets_lost, 0U) << name;
    ExpectRunsAreSent(name, codec);
  }
  EXPECT_GT(networks_->cable().counts().reordered, 100U);
  EXPECT_GT(networks_->cable().counts().doubled, 50U);
}

TEST_F(UnrulyNetworkTest, WhatComesTooLateIsLostAndMarked) {
  networks_->cable().Become({.seed = 7, .block = kBeyondWindow, .one_late = true});
  RecordByUdp();
  for (const Codec codec : {Codec::kH264, Codec::kH265}) {
    const std::string name = codec == Codec::kH264 ? "h264" : "h265";
    EXPECT_TRUE(Await([&] { return StatusOf(name).packets_lost >= 2; })) << name;
    const Recorded recorded = ReadWhen(name, 250);
    EXPECT_EQ(recorded.runs.size(), 1U) << name;
    const auto marked = std::count_if(
        recorded.units.begin(), recorded.units.end(),
        [](const RecordedUnit& unit) { return (unit.unit.flags & kUnitLossBefore) != 0; });
    EXPECT_GE(marked, 1) << name;
    const char* file = codec == Codec::kH264 ? kH264 : kH265;
    ExpectWholeOrMarked(recorded, codec, SplitUnits(codec, ReadFootage(file)));
  }
}

}  // namespace
}  // namespace reel::server
