// Streams, volumes, health, long operations, thumbnails.
#include <algorithm>

#include "tests/rpc/rpc_fixture.h"

namespace reel::server {
namespace {

class AdminTest : public RpcTest {
 protected:
  AdminTest() {
    Grants(EverythingTo(Me()));
    RpcOptions options = Options();
    options.cameras = &cameras_;
    options.reload = [this] { return reloads_; };
    options.decode_command = {REEL_COMMAND, "decode-child"};
    Start(options);
    channel_ = Connect();
    admin_ = v1::Admin::NewStub(channel_);
  }

  template <class Request, class Response>
  grpc::Status Call(grpc::Status (v1::Admin::Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    Deadline(&context);
    return ((*admin_).*method)(&context, request, response);
  }
  v1::Operation WaitFor(uint64_t id) {
    v1::GetOperationRequest request;
    request.set_id(id);
    v1::Operation operation;
    do {
      EXPECT_TRUE(Call(&v1::Admin::Stub::GetOperation, request, &operation).ok());
    } while (operation.state() == v1::Operation::STATE_RUNNING);
    return operation;
  }

  class FakeCameras : public Cameras {
   public:
    Status Apply(const std::vector<CameraConfig>&) override { return OkStatus(); }
    std::vector<SourceStatus> Sources() override {
      SourceStatus gate;
      gate.camera = "gate";
      gate.stream = "gate.sub";
      gate.state = SourceState::kWaiting;
      gate.trouble = "login refused";
      SourceStatus yard;
      yard.camera = "yard";
      yard.stream = "yard";
      return {gate, yard};
    }
    GapFigures Gaps() override { return {}; }
    Status Event(const std::string&, WallTime) override { return OkStatus(); }
    void Stop() override {}
  };

  FakeCameras cameras_;
  Result<size_t> reloads_ = 0;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Admin::Stub> admin_;
};

TEST_F(AdminTest, StreamsAreMadeRenamedAndRetired) {
  v1::AddStreamRequest add;
  add.set_name("gate");
  v1::StreamInfo stream;
  ASSERT_TRUE(Call(&v1::Admin::Stub::AddStream, add, &stream).ok());
  EXPECT_EQ(stream.name(), "gate");
  v1::StreamInfo again;
  EXPECT_EQ(Call(&v1::Admin::Stub::AddStream, add, &again).error_code(),
            grpc::StatusCode::ALREADY_EXISTS);
  v1::RenameStreamRequest rename;
  rename.set_stream(stream.id());
  rename.set_name("gate-east");
  ASSERT_TRUE(Call(&v1::Admin::Stub::RenameStream, rename, &again).ok());
  EXPECT_EQ(again.id(), stream.id());
  v1::RetireStreamRequest retire;
  retire.set_stream("gate-east");
  retire.set_retired(true);
  ASSERT_TRUE(Call(&v1::Admin::Stub::RetireStream, retire, &again).ok());
  EXPECT_TRUE(again.has_retired_ns());
  EXPECT_EQ(store().FindStream("gate-east")->retired.has_value(), true);
  EXPECT_EQ(audit_->Count("reel.v1.Admin/RetireStream", "ended: OK"), 1U);
}

TEST_F(AdminTest, CamerasAreThoseOneMaySee) {
  Grants({{Me(), Role::kViewer, {"gate"}, false}});
  v1::ListCamerasResponse list;
  ASSERT_TRUE(Call(&v1::Admin::Stub::ListCameras, v1::ListCamerasRequest{}, &list).ok());
  ASSERT_EQ(list.sources_size(), 1);
  EXPECT_EQ(list.sources(0).camera(), "gate");
  EXPECT_EQ(list.sources(0).state(), v1::CameraSource::STATE_WAITING);
  EXPECT_EQ(list.sources(0).trouble(), "login refused");
}

TEST_F(AdminTest, CamerasSayWhatTheyLackOfTheLastDay) {
  EXPECT_TRUE(store().CreateStream("gate.sub").ok());
  const StreamInfo stream = store().FindStream("gate.sub").value();
  const WallTime lost_end = SystemClock().WallNow();
  const WallTime off_end = SystemClock().WallNow();
  EXPECT_TRUE(
      store().RecordGap({stream.id, stream.created, lost_end, GapCause::kLoginRefused, 0}).ok());
  EXPECT_TRUE(store().RecordGap({stream.id, lost_end, off_end, GapCause::kOffSchedule, 0}).ok());
  // The index has them a moment later.
  const MonoTime until = SystemClock().MonoNow() + seconds(60);
  const auto known = [&] {
    const WallRange range{stream.created, SystemClock().WallNow()};
    const Timeline timeline = store().GetTimeline(stream.id, range, Bucket::kDay).value();
    return std::any_of(timeline.gaps.begin(), timeline.gaps.end(),
                       [](const GapRow& gap) { return gap.cause == GapCause::kOffSchedule; });
  };
  while (!known()) ASSERT_LT(SystemClock().MonoNow().ns, until.ns);
  v1::ListCamerasResponse list;
  ASSERT_TRUE(Call(&v1::Admin::Stub::ListCameras, v1::ListCamerasRequest{}, &list).ok());
  ASSERT_EQ(list.sources_size(), 2);
  EXPECT_EQ(list.sources(0).gaps_last_day(), 1U) << "what nobody asked for is no loss";
  EXPECT_EQ(Duration{list.sources(0).gap_last_day_ns()}, lost_end - stream.created);
  EXPECT_EQ(list.sources(1).gaps_last_day(), 0U) << "there is no such stream";
}

TEST_F(AdminTest, AReloadSaysHowItWent) {
  reloads_ = InvalidArgument("reeld.toml:3: what");
  v1::ReloadConfigResponse response;
  const grpc::Status refused =
      Call(&v1::Admin::Stub::ReloadConfig, v1::ReloadConfigRequest{}, &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(refused.error_message(), "reeld.toml:3: what");
  reloads_ = 12;
  ASSERT_TRUE(Call(&v1::Admin::Stub::ReloadConfig, v1::ReloadConfigRequest{}, &response).ok());
  EXPECT_EQ(response.cameras(), 12U);
  EXPECT_EQ(audit_->Count("reel.v1.Admin/ReloadConfig", "ended: OK"), 1U);
  Grants({{Me(), Role::kOperator, {"*"}, false}});
  EXPECT_EQ(Call(&v1::Admin::Stub::ReloadConfig, v1::ReloadConfigRequest{}, &response).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(AdminTest, VolumesAndHealthAreTold) {
  v1::ListVolumesResponse volumes;
  ASSERT_TRUE(Call(&v1::Admin::Stub::ListVolumes, v1::ListVolumesRequest{}, &volumes).ok());
  ASSERT_EQ(volumes.volumes_size(), 1);
  EXPECT_EQ(volumes.volumes(0).state(), "good");
  EXPECT_TRUE(store().CreateStream("gate").ok());
  Append(*channel_, "gate", 20);
  v1::GetHealthResponse health;
  ASSERT_TRUE(Call(&v1::Admin::Stub::GetHealth, v1::GetHealthRequest{}, &health).ok());
  EXPECT_EQ(health.troubles_size(), 0);
  EXPECT_EQ(health.units_accepted(), 20U);
  EXPECT_EQ(health.connections(), 1U);
}

TEST_F(AdminTest, VerifyingAndReindexingEnd) {
  EXPECT_TRUE(store().CreateStream("gate").ok());
  Append(*channel_, "gate", 50);
  v1::Operation reindex;
  ASSERT_TRUE(Call(&v1::Admin::Stub::StartReindex, v1::StartReindexRequest{}, &reindex).ok());
  EXPECT_EQ(WaitFor(reindex.id()).state(), v1::Operation::STATE_DONE);
  // What was open has been sealed for that, and is there to be verified.
  v1::Operation verify;
  ASSERT_TRUE(Call(&v1::Admin::Stub::StartVerify, v1::StartVerifyRequest{}, &verify).ok());
  EXPECT_NE(verify.id(), reindex.id());
  const v1::Operation verified = WaitFor(verify.id());
  EXPECT_EQ(verified.state(), v1::Operation::STATE_DONE) << verified.error();
  EXPECT_EQ(verified.problems(), 0U);
  EXPECT_GT(verified.bytes_done(), 0U);
  EXPECT_GT(verified.segments_done(), 0U);
  EXPECT_EQ(verified.started_by(), Me());
  v1::ListOperationsResponse list;
  ASSERT_TRUE(Call(&v1::Admin::Stub::ListOperations, v1::ListOperationsRequest{}, &list).ok());
  EXPECT_EQ(list.operations_size(), 2);
  v1::CancelOperationRequest cancel;
  cancel.set_id(verify.id());
  v1::Operation none;
  EXPECT_EQ(Call(&v1::Admin::Stub::CancelOperation, cancel, &none).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  cancel.set_id(99);
  EXPECT_EQ(Call(&v1::Admin::Stub::CancelOperation, cancel, &none).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(AdminTest, AThumbnailIsAJpegOfTheMoment) {
  EXPECT_TRUE(store().CreateStream("gate").ok());
  Append(*channel_, "gate", 20);
  EXPECT_TRUE(store().WaitIdle(seconds(20)).ok());
  const auto playback = v1::Playback::NewStub(channel_);
  const auto get = [&](uint32_t width, v1::ThumbnailResponse* picture) {
    v1::ThumbnailRequest request;
    request.set_stream("gate");
    request.set_time_ns(TimeOf(15).ns);
    request.set_width(width);
    grpc::ClientContext context;
    Deadline(&context);
    return playback->Thumbnail(&context, request, picture);
  };
  v1::ThumbnailResponse picture;
  const grpc::Status status = get(160, &picture);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(picture.jpeg().substr(0, 2), "\xFF\xD8");
  EXPECT_EQ(picture.width(), 160U);
  EXPECT_EQ(picture.unit(), 15U);
  EXPECT_EQ(get(161, &picture).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace reel::server
