// The parts of ingest that need no connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <future>

#include "engine/testing/sim_clock.h"
#include "server/ingest/backoff.h"
#include "server/ingest/event_loop.h"
#include "server/ingest/pre_buffer.h"
#include "server/ingest/resolver.h"
#include "server/ingest/schedule.h"

namespace reel::server {
namespace {

using std::chrono::seconds;

TEST(BackoffTest, GrowsUpToABoundAndLoginsWaitLonger) {
  SeededRandom random(1);
  Backoff backoff(random);
  Duration longest{0};
  for (int i = 0; i < 12; ++i) {
    const Duration wait = backoff.AfterLoss();
    EXPECT_GE(wait, Backoff::kFirst / 2);
    EXPECT_LE(wait, Backoff::kLongest);
    longest = std::max(longest, wait);
  }
  EXPECT_GT(longest, Backoff::kLongest / 2);
  EXPECT_GE(backoff.AfterRefusedLogin(), Backoff::kLoginFirst / 2);
  for (int i = 0; i < 6; ++i) backoff.AfterRefusedLogin();
  EXPECT_GE(backoff.AfterRefusedLogin(), Backoff::kLoginLongest / 2);
  backoff.Reset();
  EXPECT_LE(backoff.AfterLoss(), Backoff::kFirst);
}

TEST(BackoffTest, CamerasDoNotComeBackInOneInstant) {
  SeededRandom random(1);
  std::set<Duration> waits;
  for (int i = 0; i < 20; ++i) waits.insert(Backoff(random).AfterLoss());
  EXPECT_GT(waits.size(), 15U);
}

class PreBufferTest : public testing::Test {
 protected:
  void Add(int at_s, bool clean, size_t bytes = 1, const TrackInfo* change = nullptr) {
    const Bytes content(bytes, static_cast<std::byte>(at_s));
    ReceivedUnit unit;
    unit.flags = clean ? kUnitClean : 0;
    unit.bytes = content;
    unit.track_change = change;
    buffer_.Add(unit, MonoTime{0} + seconds(at_s), WallTime{0} + seconds(at_s));
  }
  std::vector<int> Drain() {
    std::vector<int> seconds_held;
    buffer_.Drain([&](const ReceivedUnit& unit, MonoTime, WallTime) {
      seconds_held.push_back(std::to_integer<int>(unit.bytes[0]));
    });
    return seconds_held;
  }
  PreBuffer buffer_{seconds(4)};
};

TEST_F(PreBufferTest, BeginsAtACleanPoint) {
  for (int at = 0; at < 20; ++at) Add(at, at % 3 == 0);
  EXPECT_THAT(Drain(), testing::ElementsAre(15, 16, 17, 18, 19));
  EXPECT_THAT(Drain(), testing::ElementsAre());
}

TEST_F(PreBufferTest, IsBounded) {
  Add(1, true, 20U << 20);
  Add(2, false, 10U << 20);
  Add(3, true, 5U << 20);
  EXPECT_THAT(Drain(), testing::ElementsAre(3));
}

TEST_F(PreBufferTest, KnowsTheTracksBeforeItsFirstUnit) {
  TrackInfo track;
  buffer_.Connect({track});
  track.width = 640;
  Add(0, true, 1, &track);
  EXPECT_EQ(buffer_.tracks()[0].width, 0U);
  Add(3, true);
  Add(9, true);
  EXPECT_EQ(buffer_.tracks()[0].width, 640U);
}

TEST(ScheduleTest, FollowsTheWeekOfTheNode) {
  ASSERT_EQ(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);  // NOLINT(concurrency-mt-unsafe)
  tzset();
  const auto at = [](const char* text) { return ParseWall(text).value(); };
  const std::vector<WeekWindow> monday_nine{{9 * 60, 10 * 60}};
  EXPECT_TRUE(InSchedule(monday_nine, at("2026-01-05T08:00:00Z")));
  EXPECT_FALSE(InSchedule(monday_nine, at("2026-01-05T09:00:00Z")));
  EXPECT_FALSE(InSchedule(monday_nine, at("2026-01-06T08:00:00Z")));
  EXPECT_TRUE(InSchedule(monday_nine, at("2026-07-06T07:30:00Z"))) << "in summer time";
  EXPECT_TRUE(InSchedule({{6 * 1440, 7 * 1440}}, at("2026-01-04T12:00:00Z"))) << "a Sunday";
  EXPECT_FALSE(InSchedule({}, at("2026-01-05T08:00:00Z")));
}

TEST(ResolverTest, AddressesNeedNoQuestion) {
  EXPECT_TRUE(ParseAddress("127.0.0.1", 554));
  EXPECT_TRUE(ParseAddress("::1", 554));
  EXPECT_FALSE(ParseAddress("camera", 554));
  EXPECT_FALSE(ParseAddress("127.0.0.1.", 554));
}

TEST(ResolverTest, AnswersOnAThreadOfItsOwn) {
  Resolver resolver;
  std::promise<Result<Contact>> answer;
  resolver.Ask("localhost", 554, std::nullopt,
               [&](Result<Contact> contact) { answer.set_value(std::move(contact)); });
  EXPECT_TRUE(answer.get_future().get().ok());
}

TEST(EventLoopTest, TimersFireInOrderAndOnce) {
  auto loop = EventLoop::Start(SystemClock());
  ASSERT_TRUE(loop.ok());
  std::string fired;
  std::promise<void> last;
  std::optional<EventLoop::Timer> a;
  std::optional<EventLoop::Timer> b;
  std::optional<EventLoop::Timer> c;
  (*loop)->Run([&] {
    const MonoTime now = SystemClock().MonoNow();
    a.emplace(**loop, [&] { fired += 'a'; });
    b.emplace(**loop, [&] {
      fired += 'b';
      c.reset();
    });
    c.emplace(**loop, [&] { fired += 'c'; });
    a->Set(now + std::chrono::milliseconds(30));
    a->Set(now + std::chrono::milliseconds(2));
    b->Set(now + std::chrono::milliseconds(1));
    c->Set(now + std::chrono::milliseconds(2));
  });
  std::optional<EventLoop::Timer> end;
  (*loop)->Run([&] {
    end.emplace(**loop, [&] { last.set_value(); });
    end->Set(SystemClock().MonoNow() + std::chrono::milliseconds(40));
  });
  last.get_future().wait();
  (*loop)->Run([&] {
    a.reset();
    b.reset();
    end.reset();
  });
  EXPECT_EQ(fired, "ba");
}

}  // namespace
}  // namespace reel::server
