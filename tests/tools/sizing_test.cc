#include "tools/sizing.h"

#include <gtest/gtest.h>

namespace reel {
namespace {

SizingRequest Cameras(uint64_t count, double bits_per_second) {
  SizingRequest request;
  request.cameras = {{count, bits_per_second}};
  return request;
}

// 4 Mbit/s are 500,000 bytes/s; 4.5 chunks of 2560 and 25 units of 32 beside them.
TEST(SizeOf, AddsUpWhatIsStored) {
  const Sizing sizing = SizeOf(Cameras(1000, 4e6));
  EXPECT_EQ(sizing.streams, 1000U);
  EXPECT_DOUBLE_EQ(sizing.media_bytes_per_second, 5e8);
  EXPECT_DOUBLE_EQ(sizing.stored_bytes_per_second, 1000 * (500'000 + 4.5 * 2560 + 25 * 32));
  EXPECT_NEAR(sizing.needed_bytes / 1e15, 1.3, 0.15) << "the design's 1.3 PB for 30 days";
  EXPECT_DOUBLE_EQ(sizing.gops, 1000 * 30 * 86'400.0 / 2);
}

TEST(SizeOf, LowRatesPayForChunksThatHoldLittle) {
  const double low = SizeOf(Cameras(1, 64e3)).stored_bytes_per_second / 8000;
  const double high = SizeOf(Cameras(1, 8e6)).stored_bytes_per_second / 1e6;
  EXPECT_GT(low, 1.3);
  EXPECT_LT(high, 1.02);
}

TEST(SizeOf, TheMoreOfRoomAndRateDecides) {
  SizingRequest request = Cameras(100, 4e6);
  request.disk_bytes = uint64_t{16} << 40;
  request.disk_bytes_per_second = 10 << 20;
  EXPECT_EQ(SizeOf(request).disks_for_room, 8U);
  EXPECT_EQ(SizeOf(request).disks_for_rate, 5U);
  EXPECT_EQ(SizeOf(request).disks, 8U);
  EXPECT_GE(SizeOf(request).days_of_disks, 30);
  request.days = 1;
  EXPECT_EQ(SizeOf(request).disks, 5U);
}

TEST(ParseCameras, TakesCountAndRate) {
  EXPECT_EQ(ParseCameras("200x4M")->count, 200U);
  EXPECT_DOUBLE_EQ(ParseCameras("200x4M")->bits_per_second, 4e6);
  EXPECT_DOUBLE_EQ(ParseCameras("1x512K")->bits_per_second, 512e3);
  EXPECT_DOUBLE_EQ(ParseCameras("8x2.5M")->bits_per_second, 2.5e6);
  for (const char* text : {"", "4M", "x4M", "0x4M", "1.5x4M", "-1x4M", "2x", "2x0", "2x4T", "2x4Mb",
                           "9999999x4M", "2xinf", "nanx4M"}) {
    EXPECT_FALSE(ParseCameras(text).ok()) << text;
  }
}

}  // namespace
}  // namespace reel
