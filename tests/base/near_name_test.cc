#include "engine/base/near_name.h"

#include <gtest/gtest.h>

namespace reel {
namespace {

TEST(NearName, IsSuggestedWhenItIsASlipOfTheKeyboard) {
  EXPECT_EQ(NearestName("gtae-2", {"door", "gate"}), std::nullopt);
  EXPECT_EQ(NearestName("gaet", {"door", "gate"}), "gate");
  EXPECT_EQ(NearestName("gat", {"door", "gate"}), "gate");
  EXPECT_EQ(NearestName("parking-est", {"parking-west", "parking-east"}), "parking-west");
}

}  // namespace
}  // namespace reel
