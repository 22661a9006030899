// What is counted of missing time.
#include <gtest/gtest.h>

#include "tests/ingest/ingest_fixture.h"

namespace reel::server {
namespace {

using std::chrono::seconds;

class GapFiguresTest : public IngestTest {};

// While it lasts a gap is told again and again; it is one, and grows.
TEST_F(GapFiguresTest, AGapIsCountedOnceHoweverLongItIs) {
  StartCameras();
  Apply({CameraAt("door", "rtsp://127.0.0.1:1/live")});
  const auto lost = [this] { return cameras_->Gaps().by_cause[GapCause::kSourceLost]; };
  for (int minutes = 1; minutes <= 3; ++minutes) {
    clock_.Advance(seconds(61));
    EXPECT_TRUE(Await([&] { return lost().length >= minutes * seconds(61); }));
  }
  EXPECT_EQ(lost().count, 1U);
  EXPECT_LT(lost().length, seconds(240));
  EXPECT_EQ(cameras_->Gaps().dropped, 0U);
}

}  // namespace
}  // namespace reel::server
