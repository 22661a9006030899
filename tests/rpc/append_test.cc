// Append sessions: what they tell of which run, and how they end.
#include "tests/rpc/rpc_fixture.h"

namespace reel::server {
namespace {

class AppendTest : public RpcTest {
 protected:
  AppendTest() {
    EXPECT_TRUE(store().CreateStream("gate").ok());
    Grants(EverythingTo(Me()));
  }

  static v1::AppendRequest Begin() {
    v1::AppendRequest request;
    *request.mutable_begin() = BeginOf("gate");
    return request;
  }
  static v1::AppendRequest End() {
    v1::AppendRequest request;
    request.mutable_end();
    return request;
  }
};

// The first run becomes durable while the second one is on the same lane.
TEST_F(AppendTest, ARunIsNotAcknowledgedByTheOneBeforeIt) {
  Start();
  const auto stub = v1::Ingest::NewStub(Connect());
  for (int round = 0; round < 20; ++round) {
    grpc::ClientContext context;
    Deadline(&context);
    const auto session = stub->Append(&context);
    session->Write(Begin());
    for (uint64_t i = 0; i < 2 * kGop; ++i) session->Write(UnitOf(0, i));
    session->Write(End());
    session->Write(Begin());
    session->Write(UnitOf(0, 0));
    session->Write(End());
    session->WritesDone();
    int runs = 0;
    uint64_t durable = 0;
    v1::AppendResponse response;
    while (session->Read(&response)) {
      EXPECT_FALSE(response.has_run_error()) << response.run_error().message();
      runs += response.has_begun() ? 1 : 0;
      if (runs < 2 || !response.has_ack()) continue;
      durable = response.ack().durable_end();
      ASSERT_LE(response.ack().received_end(), 1U) << "it has one unit";
      ASSERT_LE(durable, 1U);
    }
    EXPECT_TRUE(session->Finish().ok());
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(durable, 1U);
  }
}

// Nothing is done for it any more, but its client is told that it is safe.
TEST_F(AppendTest, ARunThatHasEndedNeedsNoRights) {
  RpcOptions options = Options();
  options.reauthorize_every = milliseconds(1);
  Start(options);
  const auto stub = v1::Ingest::NewStub(Connect());
  grpc::ClientContext context;
  Deadline(&context);
  const auto session = stub->Append(&context);
  session->Write(Begin());
  for (uint64_t i = 0; i < kGop; ++i) session->Write(UnitOf(0, i));
  session->Write(End());
  v1::AppendResponse response;
  uint64_t durable = 0;
  const auto take = [&] {
    if (!session->Read(&response)) return false;
    EXPECT_FALSE(response.has_run_error()) << response.run_error().message();
    if (response.has_ack()) durable = response.ack().durable_end();
    return true;
  };
  while (take() && !response.has_ended()) {
  }
  Grants({});
  session->WritesDone();
  while (take()) {
  }
  EXPECT_TRUE(session->Finish().ok());
  EXPECT_EQ(durable, kGop);
}

// In the middle of reading, writing, and waiting for room: wherever that is.
TEST_F(AppendTest, SessionsThatBreakOffAnywhere) {
  Start();
  const auto channel = Connect();
  const auto stub = v1::Ingest::NewStub(channel);
  v1::AppendRequest begin = Begin();
  begin.mutable_begin()->set_bulk(true);
  for (uint64_t round = 0; round < 100; ++round) {
    grpc::ClientContext context;
    const auto session = stub->Append(&context);
    session->Write(begin);
    for (uint64_t i = 0; i < round % 50; ++i) session->Write(UnitOf(0, i));
    v1::AppendResponse response;
    if (round % 3 == 0) session->Read(&response);
    context.TryCancel();
    EXPECT_EQ(session->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  Append(*channel, "gate", kGop);
}

}  // namespace
}  // namespace reel::server
