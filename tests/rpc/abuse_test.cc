// Clients that do not behave, beside one that records: it never notices.
#include <atomic>
#include <thread>

#include "engine/testing/sim_clock.h"
#include "tests/rpc/rpc_fixture.h"
#include "tests/rpc/sockets.h"

namespace reel::server {
namespace {

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kPrefaceBytes = sizeof kPreface - 1;

// Records units until it is told to stop, and checks that each became durable.
class Recorder {
 public:
  Recorder(const std::shared_ptr<grpc::Channel>& channel, v1::BeginRun begin,
           std::function<v1::AppendRequest(uint64_t)> unit)
      : stub_(v1::Ingest::NewStub(channel)), unit_(std::move(unit)) {
    session_ = stub_->Append(&context_);
    v1::AppendRequest request;
    *request.mutable_begin() = std::move(begin);
    session_->Write(request);
    writer_ = std::thread([this] {
      for (uint64_t n = 0; !stop_; ++n) {
        // One at a time, each durable before the next: a recorder that could be held up.
        if (!session_->Write(unit_(n))) break;
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return durable_ > n || gone_; });
        if (gone_) break;
      }
      session_->WritesDone();
    });
    reader_ = std::thread([this] {
      v1::AppendResponse response;
      while (session_->Read(&response)) {
        const std::lock_guard lock(mutex_);
        if (response.has_ack()) durable_ = response.ack().durable_end();
        if (response.has_unit_error() || response.has_run_error()) ++errors_;
        changed_.notify_all();
      }
      const std::lock_guard lock(mutex_);
      gone_ = true;
      changed_.notify_all();
    });
  }
  // Units more than now are durable.
  bool GoesOn(uint64_t units) {
    std::unique_lock lock(mutex_);
    const uint64_t wanted = durable_ + units;
    changed_.wait(lock, [&] { return durable_ >= wanted || gone_; });
    return durable_ >= wanted && errors_ == 0;
  }
  void Stop() {
    stop_ = true;
    writer_.join();
    reader_.join();
    EXPECT_TRUE(session_->Finish().ok());
    EXPECT_EQ(errors_, 0);
  }

 private:
  std::unique_ptr<v1::Ingest::Stub> stub_;
  std::function<v1::AppendRequest(uint64_t)> unit_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::AppendRequest, v1::AppendResponse>> session_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t durable_ = 0;
  int errors_ = 0;
  bool gone_ = false;
  std::thread writer_;
  std::thread reader_;
};

class AbuseTest : public RpcTest {
 protected:
  AbuseTest() {
    EXPECT_TRUE(store().CreateStream("gate").ok());
    EXPECT_TRUE(store().CreateStream("yard").ok());
    Grants(EverythingTo(Me()));
  }
  void StartRecording(const RpcOptions& options) {
    Start(options);
    recorder_ = std::make_unique<Recorder>(Connect(), BeginOf("gate"),
                                           [](uint64_t n) { return UnitOf(0, n); });
    EXPECT_TRUE(recorder_->GoesOn(5));
  }
  ~AbuseTest() override {
    if (recorder_ == nullptr) return;
    EXPECT_TRUE(recorder_->GoesOn(5));
    recorder_->Stop();
  }

  std::unique_ptr<Recorder> recorder_;
};

TEST_F(AbuseTest, AThousandConnections) {
  RpcOptions options = Options();
  options.max_connections = 100;
  StartRecording(options);
  std::vector<SocketFd> crowd;
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    SocketFd fd = ConnectPath(SocketPath());
    ASSERT_TRUE(fd.valid());
    if (i >= 100 && Closes(fd, 2000)) ++refused;
    crowd.push_back(std::move(fd));
  }
  EXPECT_EQ(refused, 900);
  EXPECT_LE(server_->connections(), 75U);  // of one user
  EXPECT_TRUE(recorder_->GoesOn(5));
  crowd.clear();
  // Who comes when they have gone is served.
  v1::ListStreamsResponse list;
  for (;;) {
    grpc::ClientContext context;
    Deadline(&context);
    if (v1::Admin::NewStub(Connect())->ListStreams(&context, {}, &list).ok()) break;
  }
  EXPECT_EQ(list.streams_size(), 2);
}

TEST_F(AbuseTest, GarbageOnTheSocket) {
  StartRecording(Options());
  Rng rng(20261126);
  for (int i = 0; i < 200; ++i) {
    const SocketFd fd = ConnectPath(SocketPath());
    ASSERT_TRUE(fd.valid());
    std::string bytes(rng.Below(4096), '\0');
    rng.Fill(std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
    // Half of them begin as HTTP/2 does, so that frames of any kind are read.
    if (i % 2 == 0) bytes.insert(0, kPreface, kPrefaceBytes);
    (void)SendAll(fd, bytes);
  }
  EXPECT_TRUE(recorder_->GoesOn(5));
}

// Well-formed calls of every method with messages of any content.
TEST_F(AbuseTest, MessagesOfAnyContent) {
  StartRecording(Options());
  const auto channel = Connect();
  const auto playback = v1::Playback::NewStub(channel);
  Rng rng(7);
  for (int i = 0; i < 300; ++i) {
    const auto text = [&] { return i % 3 == 0 ? "gate" : std::string(rng.Below(300), 'x'); };
    const auto number = [&] {
      const auto bits = static_cast<int>(rng.Below(64));
      return static_cast<int64_t>(rng.Next() >> bits) * (rng.Chance(1, 2) ? 1 : -1);
    };
    grpc::ClientContext context;
    Deadline(&context, seconds(2));
    v1::ReadRequest read;
    read.set_stream(text());
    if (rng.Chance(1, 2)) read.mutable_range()->set_begin_ns(number());
    if (rng.Chance(1, 2)) read.mutable_range()->set_end_ns(number());
    read.set_mode(static_cast<v1::ReadMode>(rng.Below(5)));
    read.set_min_interval_ns(number());
    const auto reader = playback->Read(&context, read);
    v1::ReadResponse item;
    for (int n = 0; n < 20 && reader->Read(&item); ++n) {
    }
    context.TryCancel();
    (void)reader->Finish();

    grpc::ClientContext timeline_context;
    Deadline(&timeline_context, seconds(2));
    v1::TimelineRequest timeline;
    timeline.add_streams(text());
    timeline.mutable_range()->set_begin_ns(number());
    timeline.mutable_range()->set_end_ns(number());
    timeline.set_bucket(static_cast<v1::Bucket>(rng.Below(4)));
    timeline.set_page_size(static_cast<uint32_t>(rng.Below(20'000)));
    timeline.set_page_token(rng.Chance(1, 2) ? "0:" + std::to_string(number()) : "");
    v1::TimelineResponse page;
    (void)playback->Timeline(&timeline_context, timeline, &page);

    grpc::ClientContext seek_context;
    Deadline(&seek_context, seconds(2));
    v1::SeekRequest seek;
    seek.set_stream(text());
    seek.set_time_ns(number());
    const auto seeker = playback->Seek(&seek_context, seek);
    v1::SeekResponse found;
    while (seeker->Read(&found)) {
    }
    (void)seeker->Finish();
  }
  EXPECT_TRUE(recorder_->GoesOn(5));
}

TEST_F(AbuseTest, MessagesThatAreTooLong) {
  StartRecording(Options());
  const auto channel = Connect();
  grpc::ClientContext context;
  Deadline(&context);
  v1::AddStreamRequest add;
  add.set_name(std::string(300U << 10, 'x'));
  v1::StreamInfo info;
  EXPECT_EQ(v1::Admin::NewStub(channel)->AddStream(&context, add, &info).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);

  // It could be much longer than it looks.
  grpc::ClientContext packed_context;
  Deadline(&packed_context);
  packed_context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  add.set_name(std::string(1000, 'x'));
  EXPECT_EQ(v1::Admin::NewStub(channel)->AddStream(&packed_context, add, &info).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);

  grpc::ClientContext append_context;
  Deadline(&append_context);
  const auto session = v1::Ingest::NewStub(channel)->Append(&append_context);
  v1::AppendRequest begin;
  *begin.mutable_begin() = BeginOf("yard");
  session->Write(begin);
  v1::AppendRequest unit = UnitOf(0, 0);
  unit.set_data(std::string(9U << 20, 'x'));
  session->Write(unit);
  session->WritesDone();
  v1::AppendResponse response;
  while (session->Read(&response)) {
  }
  EXPECT_FALSE(session->Finish().ok());

  grpc::ClientContext metadata_context;
  Deadline(&metadata_context);
  metadata_context.AddMetadata("x-long", std::string(10'000, 'x'));
  v1::ListStreamsResponse list;
  EXPECT_EQ(v1::Admin::NewStub(channel)->ListStreams(&metadata_context, {}, &list).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

// Asks for footage and does not take it.
TEST_F(AbuseTest, AReaderThatTakesNothingIsEnded) {
  RpcOptions options = Options();
  options.stall_after = milliseconds(50);
  StartRecording(options);
  Append(*Connect(), "yard", 500);
  ASSERT_TRUE(store().WaitIdle(seconds(20)).ok());
  grpc::ClientContext context;
  v1::ReadRequest request;
  request.set_stream("yard");
  grpc::ChannelArguments narrow;
  narrow.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 64 << 10);
  narrow.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const auto reader = v1::Playback::NewStub(Connect(narrow))->Read(&context, request);
  // Not a single message is read before the server has ended it, by its own word in the audit.
  while (audit_->Count("reel.v1.Playback/Read",
                       "ended: ResourceExhausted: the reader took nothing for too long") == 0) {
    ASSERT_TRUE(recorder_->GoesOn(1));
  }
  v1::ReadResponse response;
  while (reader->Read(&response)) {
  }
  EXPECT_FALSE(reader->Finish().ok());
  EXPECT_EQ(figures_.readers_ended, 1U);
}

// Falls behind a live stream: clean points alone, said so, until it has caught up.
TEST_F(AbuseTest, ALiveReaderThatIsTooSlowGetsCleanPointsAndIsTold) {
  Start();
  const auto recorder = Connect();
  grpc::ClientContext context;
  Deadline(&context, std::chrono::minutes(2));
  v1::ReadRequest request;
  request.set_stream("yard");
  request.set_follow(true);
  request.mutable_range()->set_begin_ns(kBegin.ns);
  grpc::ChannelArguments narrow;
  narrow.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 64 << 10);
  narrow.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const auto reader = v1::Playback::NewStub(Connect(narrow))->Read(&context, request);
  v1::ReadResponse item;
  uint64_t units = 0;
  uint64_t skipped = 0;
  bool thinned = false;
  int changes = 0;
  const auto read_until = [&](const std::function<bool()>& done) {
    while (!done() && reader->Read(&item)) {
      if (item.has_unit()) {
        ++units;
        EXPECT_TRUE(!thinned || item.unit().gop_begin());
      }
      if (!item.has_skipped()) continue;
      skipped += item.skipped().units();
      thinned = item.skipped().clean_points_only();
      ++changes;
    }
  };
  Append(*recorder, "yard", 10);
  read_until([&] { return units == 10; });
  // The reader is live once the server has come to the end of what there is, which it says to
  // nobody: where the footage below came before that, it is read as recorded, and comes again.
  constexpr uint64_t kMany = 3500;  // 11 MiB
  constexpr int kRounds = 10;
  uint64_t sent = 10;
  for (int round = 0; round < kRounds && !thinned; ++round) {
    Append(*recorder, "yard", kMany, seconds(60 + 200 * round));
    sent += kMany;
    // Each of these calls waits for its turn behind what the reader's stream does.
    for (int i = 0; i < 500; ++i) {
      grpc::ClientContext list_context;
      Deadline(&list_context);
      v1::ListStreamsResponse list;
      EXPECT_TRUE(v1::Admin::NewStub(recorder)->ListStreams(&list_context, {}, &list).ok());
    }
    read_until([&] { return thinned || units == sent; });
  }
  EXPECT_TRUE(thinned);
  EXPECT_LT(units, sent);
  // It has caught up at a clean point after the server was at the end once more: which of these
  // that is, nobody says.
  std::atomic<bool> caught_up{false};
  std::thread later([&] {
    for (int round = 0; !caught_up; ++round, sent += 20) {
      Append(*recorder, "yard", 20, seconds(3000 + 10 * round));
    }
  });
  read_until([&] { return changes == 2; });
  caught_up = true;
  later.join();
  EXPECT_FALSE(thinned);
  EXPECT_GT(skipped, 0U);
  read_until([&] { return units + skipped == sent; });
  EXPECT_EQ(units + skipped, sent);
  context.TryCancel();
  while (reader->Read(&item)) {
  }
  (void)reader->Finish();
}

TEST_F(AbuseTest, CallsThatAreGivenUpAtOnce) {
  StartRecording(Options());
  const auto channel = Connect();
  const auto playback = v1::Playback::NewStub(channel);
  for (int i = 0; i < 200; ++i) {
    grpc::ClientContext context;
    v1::ReadRequest request;
    request.set_stream("gate");
    request.set_follow(true);
    request.mutable_range()->set_begin_ns(kBegin.ns);
    const auto reader = playback->Read(&context, request);
    context.TryCancel();
    (void)reader->Finish();
    grpc::ClientContext append_context;
    const auto session = v1::Ingest::NewStub(channel)->Append(&append_context);
    v1::AppendRequest begin;
    *begin.mutable_begin() = BeginOf("yard");
    session->Write(begin);
    append_context.TryCancel();
    (void)session->Finish();
  }
  EXPECT_TRUE(recorder_->GoesOn(5));
}

TEST_F(AbuseTest, StoppingEndsWhatGoesOn) {
  Start();
  const auto channel = Connect();
  grpc::ClientContext context;
  v1::ReadRequest request;
  request.set_stream("gate");
  request.set_follow(true);
  const auto reader = v1::Playback::NewStub(channel)->Read(&context, request);
  grpc::ClientContext append_context;
  const auto session = v1::Ingest::NewStub(channel)->Append(&append_context);
  v1::AppendRequest begin;
  *begin.mutable_begin() = BeginOf("yard");
  session->Write(begin);
  v1::AppendResponse response;
  ASSERT_TRUE(session->Read(&response));
  server_->Stop(seconds(20));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(session->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace reel::server
