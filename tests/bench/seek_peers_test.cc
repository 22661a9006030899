// The peers of seeks find the picture that was asked for: they compare it with the trace.
#include "bench/seek_peers.h"

#include <gtest/gtest.h>

#include "tests/io/temp_directory.h"

namespace reel::bench {
namespace {

TraceShape SmallShape() {
  TraceShape shape;
  shape.bits_per_second = 64e3;
  shape.gops_in_arena = 4;
  return shape;
}

void SeekOften(SeekPeer& peer, int times) {
  Rng rng(5);
  Histogram latency;
  for (int i = 0; i < times; ++i) {
    const Status found = peer.Seek(&rng, &latency);
    ASSERT_TRUE(found.ok()) << found.ToString();
  }
  EXPECT_EQ(latency.count(), static_cast<uint64_t>(times));
}

TEST(SeekPeersTest, SqliteFindsThePictureOfTheMoment) {
  const TempDirectory directory;
  const Trace trace(SmallShape());
  const auto peer = NewSqlitePeer(directory.PathOf("sqlite"), trace, 60'000);
  ASSERT_TRUE(peer.ok()) << peer.status().ToString();
  SeekOften(**peer, 300);
}

TEST(SeekPeersTest, FfmpegFindsThePictureOfTheMoment) {
  const TempDirectory directory;
  const Trace trace(SmallShape());
  const auto peer = NewFfmpegSeekPeer(directory.PathOf("ffmpeg"), trace);
  if (peer.status().code() == Code::kNotFound) GTEST_SKIP() << "ffmpeg is not installed";
  ASSERT_TRUE(peer.ok()) << peer.status().ToString();
  SeekOften(**peer, 5);
}

}  // namespace
}  // namespace reel::bench
