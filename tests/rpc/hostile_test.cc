// Messages made to cost the server more than they cost their sender.
#include "server/rpc/open_streams.h"
#include "server/rpc/rules.h"
#include "server/rpc/wire.h"
#include "tests/rpc/rpc_fixture.h"

namespace reel::server {
namespace {

using testing::HasSubstr;

grpc::ByteBuffer BufferOf(const std::string& text) {
  const grpc::Slice slice(text);
  return {&slice, 1};
}

// Two bytes on the wire each, and forty times as many in memory.
v1::AppendRequest ManyTracks(size_t count) {
  v1::AppendRequest request;
  for (size_t i = 0; i < count; ++i) request.mutable_begin()->add_tracks();
  return request;
}

Code CodeOf(const std::string& text) {
  v1::AppendRequest request;
  return FromWireWithData(BufferOf(text), kMaxRequestBytes, &request).code();
}

TEST(Wire, DataIsNotCountedAndAllElseIs) {
  v1::AppendRequest request = ManyTracks(16);
  request.set_data(std::string(8U << 20, 'x'));
  const std::string good = request.SerializeAsString();
  EXPECT_EQ(CodeOf(good), Code::kOk);
  // Whatever it stands behind or before.
  const std::string many = ManyTracks(kMaxRequestBytes / 2 + 1).SerializeAsString();
  EXPECT_EQ(CodeOf(many), Code::kResourceExhausted);
  EXPECT_EQ(CodeOf(many + good), Code::kResourceExhausted);
  EXPECT_EQ(CodeOf(good + many), Code::kResourceExhausted);
  std::string unknown;
  for (size_t i = 0; i <= kMaxRequestBytes / 2; ++i) unknown += std::string("\x6a\x00", 2);
  EXPECT_EQ(CodeOf(good + unknown), Code::kResourceExhausted);
  EXPECT_EQ(CodeOf(unknown.substr(0, 1000) + good), Code::kOk);
}

TEST(Wire, WhatEndsTooEarlyIsNoMessage) {
  v1::AppendRequest request;
  request.set_data(std::string(100, 'x'));
  const std::string good = request.SerializeAsString();
  for (size_t size = 1; size < good.size(); ++size) {
    EXPECT_EQ(CodeOf(good.substr(0, size)), Code::kInvalidArgument) << size;
  }
  EXPECT_EQ(CodeOf("\x7a\xff\xff\xff\xff\x0f"), Code::kInvalidArgument) << "4 GiB of data";
}

class HostileTest : public RpcTest {
 protected:
  HostileTest() {
    EXPECT_TRUE(store().CreateStream("gate").ok());
    Grants(EverythingTo(Me()));
    Start();
  }
};

// They are no messages at all, which nobody finds out: their length is looked at first.
TEST_F(HostileTest, WhatIsTooLongIsRefusedBeforeItIsParsed) {
  const auto channel = Connect();
  const std::string garbage(kMaxRequestBytes + 1, '\xff');
  for (const auto* method : EveryMethod()) {
    const std::string path = "/" + CallOf(*method);
    const grpc::Status longer = CallRaw(*channel, path, garbage);
    EXPECT_EQ(longer.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << path;
    EXPECT_THAT(longer.error_message(), HasSubstr("262144 bytes")) << path;
    const grpc::Status shorter = CallRaw(*channel, path, garbage.substr(1));
    EXPECT_EQ(shorter.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << path;
    EXPECT_THAT(shorter.error_message(), HasSubstr("no message of that kind")) << path;
  }
}

// The run that came before it is ended as by a client that has gone, and the session with it.
TEST_F(HostileTest, AnAppendThatIsAllButItsDataEndsTheSession) {
  const auto stub = v1::Ingest::NewStub(Connect());
  grpc::ClientContext context;
  Deadline(&context);
  const auto session = stub->Append(&context);
  v1::AppendRequest begin;
  *begin.mutable_begin() = BeginOf("gate");
  session->Write(begin);
  v1::AppendResponse response;
  ASSERT_TRUE(session->Read(&response));
  ASSERT_TRUE(response.has_begun());
  session->Write(ManyTracks(1U << 20));
  while (session->Read(&response)) {
  }
  const grpc::Status status = session->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("262144 bytes"));
  EXPECT_EQ(audit_->Count("reel.v1.Ingest/Append",
                          "ended: ResourceExhausted: a request has at most 262144 bytes"),
            2U)
      << "the run and the session";
}

// Many readers that take nothing: what waits for all of them together is bounded.
TEST_F(HostileTest, ReadersThatTakeNothingShareWhatMayWait) {
  constexpr size_t kBytes = 1U << 20;
  constexpr size_t kReaders = 16;
  constexpr size_t kMaxUnit = 32U << 10;  // of this footage
  server_.reset();
  RpcOptions options = Options();
  options.waiting_bytes = kBytes;
  Start(options);
  Append(*Connect(), "gate", 500);  // 1.5 MiB
  EXPECT_TRUE(store().WaitIdle(seconds(20)).ok());
  grpc::ChannelArguments narrow;
  narrow.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 64 << 10);
  narrow.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  struct Reader {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::ReadResponse>> reader;
  };
  std::vector<Reader> readers(kReaders);
  v1::ReadRequest request;
  request.set_stream("gate");
  for (Reader& one : readers) {
    one.reader = v1::Playback::NewStub(Connect(narrow))->Read(&one.context, request);
  }
  // Each has been told to wait at least once: more than that is not made.
  const auto channel = Connect();
  const MonoTime until = SystemClock().MonoNow() + seconds(20);
  while (figures_.reader_waits < kReaders) {
    ASSERT_LT(SystemClock().MonoNow().ns, until.ns);
    EXPECT_LE(figures_.reader_bytes_waiting, static_cast<int64_t>(kBytes + kReaders * kMaxUnit));
    EXPECT_TRUE(CallRaw(*channel, "/reel.v1.Admin/ListStreams", "").ok());
  }
  EXPECT_LE(figures_.reader_bytes_waiting, static_cast<int64_t>(kBytes + kReaders * kMaxUnit));
  // Who takes it gets all of it, beside those that do not.
  int units = 0;
  v1::ReadResponse item;
  while (readers.front().reader->Read(&item)) units += item.has_unit() ? 1 : 0;
  EXPECT_TRUE(readers.front().reader->Finish().ok());
  EXPECT_EQ(units, 500);
  for (size_t i = 1; i < kReaders; ++i) {
    readers[i].context.TryCancel();
    (void)readers[i].reader->Finish();
  }
  server_.reset();
  EXPECT_EQ(figures_.reader_bytes_waiting, 0);
}

TEST(OpenStreams, AreBoundedForOneAndForAll) {
  OpenStreams streams;
  for (size_t i = 0; i < OpenStreams::kMaxOfOne; ++i) ASSERT_TRUE(streams.Enter("a"));
  EXPECT_FALSE(streams.Enter("a"));
  for (size_t i = 0; i < OpenStreams::kMaxOfOne; ++i) ASSERT_TRUE(streams.Enter("b"));
  EXPECT_FALSE(streams.Enter("c"));
  streams.Leave("a");
  EXPECT_TRUE(streams.Enter("c"));
  EXPECT_FALSE(streams.Enter("a"));
  streams.Leave("b");
  EXPECT_TRUE(streams.Enter("a"));
}

}  // namespace
}  // namespace reel::server
