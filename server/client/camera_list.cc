#include "server/client/camera_list.h"

#include <chrono>
#include <utility>

#include <reel/v1/admin.grpc.pb.h>
#include "server/client/address.h"
#include "server/client/convert.h"
#include "server/client/remote_store.h"

namespace reel::server {
namespace {

std::optional<WallTime> TimeOf(bool has, int64_t ns) {
  return has ? std::optional(WallTime{ns}) : std::nullopt;
}

SourceStatus StatusOf(const v1::CameraSource& source) {
  SourceStatus status;
  status.camera = source.camera();
  status.stream = source.stream();
  status.state = static_cast<SourceState>(source.state());
  status.trouble = source.trouble();
  status.recording_since = TimeOf(source.has_recording_since_ns(), source.recording_since_ns());
  status.last_unit = TimeOf(source.has_last_unit_ns(), source.last_unit_ns());
  status.last_clean_point = TimeOf(source.has_last_clean_point_ns(), source.last_clean_point_ns());
  status.bits_per_second = source.bits_per_second();
  status.frames_per_second = source.frames_per_second();
  status.units = source.units();
  status.bytes = source.bytes();
  status.packets_lost = source.packets_lost();
  status.reconnects = source.reconnects();
  status.clock_offset = Duration{source.clock_offset_ns()};
  return status;
}

class RemoteCameraList final : public CameraList {
 public:
  explicit RemoteCameraList(const std::shared_ptr<grpc::Channel>& channel)
      : admin_(v1::Admin::NewStub(channel)) {}

  Result<std::vector<SourceStatus>> Now() override {
    grpc::ClientContext context;
    context.set_deadline(DeadlineAfter(kCallTime));
    v1::ListCamerasResponse reply;
    REEL_RETURN_IF_ERROR(FromWire(admin_->ListCameras(&context, v1::ListCamerasRequest(), &reply)));
    std::vector<SourceStatus> sources;
    for (const v1::CameraSource& source : reply.sources()) sources.push_back(StatusOf(source));
    return sources;
  }

 private:
  const std::unique_ptr<v1::Admin::StubInterface> admin_;
};

}  // namespace

Result<std::unique_ptr<CameraList>> CameraList::Open(const ServerAddress& address) {
  REEL_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, Connect(address));
  return std::unique_ptr<CameraList>(std::make_unique<RemoteCameraList>(channel));
}

}  // namespace reel::server
