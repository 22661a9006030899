// The runner on a benchmark that only says what it is told, and the trace against itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "bench/benchmark.h"
#include "bench/trace.h"
#include "tests/io/temp_directory.h"

namespace reel::bench {
namespace {

class Scripted final : public Benchmark {
 public:
  explicit Scripted(Status torn_down) : torn_down_(std::move(torn_down)) {}
  std::string name() const override { return "scripted"; }
  std::string what() const override { return "nothing"; }
  std::string rows() const override { return "e"; }
  bool probed() const override { return false; }
  Status SetUp(const Settings& settings) override {
    directory_ = settings.directory;
    return OkStatus();
  }
  Status Run(Round* round) override {
    round->figures.push_back({"e.p99", 250.0 + round->number, 0});
    round->note = "half of it";
    return OkStatus();
  }
  Status TearDown() override { return torn_down_; }
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
  Status torn_down_;
};

TEST(RunBenchmarkTest, EachRoundGivesItsFiguresAndNothingIsLeftBehind) {
  const TempDirectory directory;
  Settings settings;
  settings.directory = directory.path() + "/work";
  Scripted benchmark{OkStatus()};
  Report report;
  ASSERT_TRUE(RunBenchmark(benchmark, settings, directory.path(), &report).ok());
  EXPECT_EQ(report.Json()["goals"][0]["rounds"].size(), 3U);
  EXPECT_THAT(report.Table(), ::testing::HasSubstr("scripted: half of it"));
  EXPECT_FALSE(std::filesystem::exists(benchmark.directory()));
  std::ifstream json(directory.path() + "/scripted.json");
  EXPECT_EQ(nlohmann::json::parse(json)["rounds"].size(), 3U);
}

TEST(RunBenchmarkTest, WhatDoesNotVerifyFailsTheBenchmark) {
  const TempDirectory directory;
  Settings settings;
  settings.directory = directory.path() + "/work";
  Scripted benchmark{DataLoss("not what was written")};
  Report report;
  EXPECT_EQ(RunBenchmark(benchmark, settings, directory.path(), &report).code(), Code::kDataLoss);
}

TEST(TraceTest, UnitsAreAFunctionOfStreamAndNumber) {
  const TraceShape shape;
  const Trace one(shape);
  const Trace other(shape);
  uint64_t bytes = 0;
  constexpr uint64_t kUnits = 5000;
  for (uint64_t number = 0; number < kUnits; ++number) {
    const UnitView unit = one.Unit(3, number, WallTime{1000});
    const UnitView again = other.Unit(3, number, WallTime{1000});
    ASSERT_TRUE(std::ranges::equal(unit.bytes, again.bytes));
    EXPECT_EQ(unit.flags != 0, number % shape.gop_units == 0);
    EXPECT_EQ(unit.wall.ns, 1000 + 40'000'000 * static_cast<int64_t>(number));
    bytes += unit.bytes.size();
  }
  const double bits_per_second = static_cast<double>(bytes) * 8 / (kUnits / 25.0);
  EXPECT_NEAR(bits_per_second, 4e6, 0.2e6);
  EXPECT_FALSE(std::ranges::equal(one.Unit(3, 0, {}).bytes, one.Unit(4, 0, {}).bytes));
}

}  // namespace
}  // namespace reel::bench
