#include "bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace reel::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(GoalsTest, EachHasItsOwnIdAndOwnIsBeyondMust) {
  std::set<std::string> ids;
  for (const Goal& goal : Goals()) {
    EXPECT_TRUE(ids.insert(goal.id).second) << goal.id;
    EXPECT_EQ(goal.peer.empty(), goal.judged == Judged::kFigure) << goal.id;
    EXPECT_EQ(Report::Verdict(goal, goal.own), "own") << goal.id;
    EXPECT_EQ(Report::Verdict(goal, goal.must), "pass") << goal.id;
    const double worse = goal.better == Better::kHigher ? goal.must * 0.99 : goal.must * 1.01;
    EXPECT_EQ(Report::Verdict(goal, worse), "short") << goal.id;
  }
}

TEST(ReportTest, MedianOfOddEvenAndNone) {
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(Median({}), 0);
}

TEST(ReportTest, JudgesTheMedianOfRatiosWithinRounds) {
  Report report;
  report.Add({"a.gop", 1.0, 2.0});  // the device was slow in one round: the ratio is what counts
  report.Add({"a.gop", 3.2, 4.0});
  report.Add({"a.gop", 2.8, 4.0});
  const nlohmann::json goals = report.Json()["goals"];
  ASSERT_EQ(goals.size(), 1U);
  EXPECT_DOUBLE_EQ(goals[0]["judged"], 0.7);
  EXPECT_DOUBLE_EQ(goals[0]["lowest"], 0.5);
  EXPECT_DOUBLE_EQ(goals[0]["highest"], 0.8);
  EXPECT_EQ(goals[0]["verdict"], "short");
}

TEST(ReportTest, WhatIsAboveAPeerIsJudgedByTheDifference) {
  Report report;
  report.Add({"rpc.seek50", 520, 400});
  EXPECT_EQ(report.Json()["goals"][0]["judged"], 120);
  EXPECT_THAT(report.Table(), HasSubstr("| +120 |"));
  EXPECT_THAT(report.Table(), HasSubstr("| pass |"));
}

TEST(ReportTest, TableHasALinePerGoalMeasuredInTheirOrder) {
  Report report;
  report.Add({"e.p99", 255, 0});
  report.Add({"a.log", 3.8, 4.0});
  report.AddNote("not quiet");
  const std::string table = report.Table();
  EXPECT_LT(table.find("| a.log |"), table.find("| e.p99 |"));
  EXPECT_THAT(table, HasSubstr("| pass |"));
  EXPECT_THAT(table, HasSubstr("| own |"));
  EXPECT_THAT(table, HasSubstr("not quiet"));
  EXPECT_THAT(table, Not(HasSubstr("a.gop")));
}

}  // namespace
}  // namespace reel::bench
