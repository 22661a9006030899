// Over TCP many short reads, one behind the other, are a long one.
#include "server/rpc/glances.h"

#include "engine/testing/sim_clock.h"
#include "tests/rpc/rpc_fixture.h"

namespace reel::server {
namespace {

using testing::HasSubstr;

WallRange Seconds(int64_t begin, int64_t end) {
  return {WallTime{} + seconds(begin), WallTime{} + seconds(end)};
}
StreamId Stream(uint16_t number) {
  StreamId id;
  std::memcpy(id.bytes.data(), &number, sizeof number);
  return id;
}

TEST(Glances, AddUpToAMinuteWithinTenMinutes) {
  Glances glances;
  const MonoTime now{};
  EXPECT_FALSE(glances.Take("a", Stream(1), Seconds(0, 61), now)) << "too long by itself";
  EXPECT_TRUE(glances.Take("a", Stream(1), Seconds(0, 40), now));
  EXPECT_FALSE(glances.Take("a", Stream(1), Seconds(40, 61), now));
  EXPECT_TRUE(glances.Take("a", Stream(1), Seconds(40, 60), now)) << "one refused does not count";
  EXPECT_FALSE(glances.Take("a", Stream(1), Seconds(100, 101), now));
  EXPECT_TRUE(glances.Take("b", Stream(1), Seconds(100, 160), now)) << "somebody else";
  EXPECT_TRUE(glances.Take("a", Stream(2), Seconds(100, 160), now)) << "another stream";
  const MonoTime later = now + (Glances::kWindow - Duration{1});
  EXPECT_FALSE(glances.Take("a", Stream(1), Seconds(100, 101), later));
  EXPECT_TRUE(glances.Take("a", Stream(1), Seconds(100, 160), now + Glances::kWindow));
  EXPECT_FALSE(glances.Take("a", Stream(1), Seconds(0, 40), now + Glances::kWindow));
}

TEST(Glances, WhatIsReadAgainCountsOnce) {
  Glances glances;
  const MonoTime now{};
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(glances.Take("a", Stream(1), Seconds(0, 30), now));
  EXPECT_TRUE(glances.Take("a", Stream(1), Seconds(10, 40), now));
  EXPECT_TRUE(glances.Take("a", Stream(1), Seconds(100, 120), now));
  EXPECT_FALSE(glances.Take("a", Stream(1), Seconds(99, 120), now));
  EXPECT_TRUE(glances.Take("a", Stream(1), Seconds(5, 35), now));
}

TEST(Glances, WhatIsRememberedIsBounded) {
  Glances glances;
  const MonoTime now{};
  for (int64_t i = 0; i < static_cast<int64_t>(Glances::kMaxLooks); ++i) {
    EXPECT_TRUE(glances.Take("a", Stream(0), Seconds(10 * i, 10 * i + 1), now)) << i;
  }
  EXPECT_FALSE(glances.Take("a", Stream(0), Seconds(5, 6), now)) << "too many";
  for (uint16_t i = 1; i < Glances::kMaxStreams; ++i) {
    ASSERT_TRUE(glances.Take("a", Stream(i), Seconds(0, 1), now)) << i;
  }
  EXPECT_FALSE(glances.Take("a", Stream(Glances::kMaxStreams), Seconds(0, 1), now));
  EXPECT_TRUE(glances.Take("b", Stream(Glances::kMaxStreams), Seconds(0, 1), now));
  for (char who = 'c'; who < 'c' + 15; ++who) {
    for (uint16_t i = 0; i < Glances::kMaxStreams; ++i) {
      (void)glances.Take(std::string(1, who), Stream(i), Seconds(0, 1), now);
    }
  }
  EXPECT_FALSE(glances.Take("z", Stream(0), Seconds(0, 1), now)) << "of all together";
  EXPECT_TRUE(glances.Take("z", Stream(0), Seconds(0, 1), now + Glances::kWindow));
}

class GlancesTest : public RpcTest {
 protected:
  GlancesTest() {
    EXPECT_TRUE(store().CreateStream("gate").ok());
    EXPECT_TRUE(store().CreateStream("yard").ok());
    Grants(EverythingTo("loopback"));
    RpcOptions options = Options();
    options.plain_address = "127.0.0.1:0";
    options.clock = &clock_;
    Start(options);
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->tcp_port()),
                                   grpc::InsecureChannelCredentials());
  }

  grpc::Status Read(const std::string& stream, int64_t begin, int64_t end,
                    const v1::Purpose& why = {}) {
    grpc::ClientContext context;
    Deadline(&context);
    v1::ReadRequest request;
    request.set_stream(stream);
    request.mutable_range()->set_begin_ns(Seconds(begin, end).begin.ns);
    request.mutable_range()->set_end_ns(Seconds(begin, end).end.ns);
    *request.mutable_purpose() = why;
    const auto reader = v1::Playback::NewStub(channel_)->Read(&context, request);
    v1::ReadResponse response;
    while (reader->Read(&response)) {
    }
    return reader->Finish();
  }

  SimClock clock_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(GlancesTest, ReadsOneBehindTheOtherNeedAPurpose) {
  EXPECT_TRUE(Read("gate", 0, 59).ok());
  const std::string id = ToString(store().FindStream("gate")->id);
  for (const std::string& name : {std::string("gate"), id}) {
    const grpc::Status refused = Read(name, 59, 118);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED) << name;
    EXPECT_THAT(refused.error_message(),
                HasSubstr("view of over 60 s of a camera within 10 minutes needs a purpose"));
  }
  EXPECT_TRUE(Read("gate", 0, 59).ok()) << "once more";
  EXPECT_TRUE(Read("yard", 59, 118).ok()) << "another camera";
  v1::Purpose why;
  why.set_purpose("theft");
  why.set_requester("police");
  why.set_performer("me");
  why.set_case_number("7");
  EXPECT_TRUE(Read("gate", 59, 118, why).ok());
  clock_.Advance(Glances::kWindow);
  EXPECT_TRUE(Read("gate", 59, 118).ok());
}

}  // namespace
}  // namespace reel::server
