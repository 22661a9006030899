// Kinds of work do not wait behind each other: with a single thread for each kind, and that of one
// kind held, the others answer.
#include <thread>

#include "tests/rpc/rpc_fixture.h"

namespace reel::server {
namespace {

class LanesTest : public RpcTest {
 public:
  // What a test that fails left held does not hold up the server's end.
  ~LanesTest() override { audit_->Release(); }

 protected:
  LanesTest() {
    EXPECT_TRUE(store().CreateStream("gate").ok());
    EXPECT_TRUE(store().CreateStream("empty").ok());
    Grants(EverythingTo(Me()));
    RpcOptions options = Options();
    options.seek_threads = 1;
    options.read_threads = 1;
    options.picture_threads = 1;
    Start(options);
    channel_ = Connect();
    playback_ = v1::Playback::NewStub(channel_);
    Append(*channel_, "gate", 2 * kGop);
    EXPECT_TRUE(store().WaitIdle(seconds(20)).ok());
  }
  grpc::Status Seek() {
    grpc::ClientContext context;
    Deadline(&context);
    v1::SeekRequest request;
    request.set_stream("gate");
    request.set_time_ns(kBegin.ns);
    const auto reader = playback_->Seek(&context, request);
    return Drain<v1::SeekResponse>(*reader);
  }
  grpc::Status Read() {
    grpc::ClientContext context;
    Deadline(&context);
    const auto reader = playback_->Read(&context, OfGate());
    return Drain<v1::ReadResponse>(*reader);
  }
  static v1::ReadRequest OfGate() {
    v1::ReadRequest request;
    request.set_stream("gate");
    return request;
  }
  template <class Response, class Reader>
  static grpc::Status Drain(Reader& reader) {
    Response response;
    while (reader.Read(&response)) {
    }
    return reader.Finish();
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Playback::Stub> playback_;
};

TEST_F(LanesTest, ASeekDoesNotWaitBehindReads) {
  audit_->Hold("reel.v1.Playback/Read");
  grpc::ClientContext context;
  Deadline(&context);
  const auto reader = playback_->Read(&context, OfGate());
  audit_->AwaitHeld();
  EXPECT_TRUE(Seek().ok());
  EXPECT_EQ(audit_->Count("reel.v1.Playback/Read", "allowed"), 0U) << "it is still held";
  audit_->Release();
  EXPECT_TRUE(Drain<v1::ReadResponse>(*reader).ok());
}

TEST_F(LanesTest, NobodyWaitsBehindPictures) {
  audit_->Hold("reel.v1.Playback/Thumbnail");
  grpc::Status made;
  std::thread decoding([&] {
    grpc::ClientContext context;
    Deadline(&context);
    v1::ThumbnailRequest request;
    request.set_stream("empty");
    v1::ThumbnailResponse picture;
    made = playback_->Thumbnail(&context, request, &picture);
  });
  audit_->AwaitHeld();
  EXPECT_TRUE(Seek().ok());
  EXPECT_TRUE(Read().ok());
  EXPECT_EQ(audit_->Count("reel.v1.Playback/Thumbnail", "allowed"), 0U) << "it is still held";
  audit_->Release();
  decoding.join();
  EXPECT_EQ(made.error_code(), grpc::StatusCode::NOT_FOUND) << made.error_message();
}

}  // namespace
}  // namespace reel::server
