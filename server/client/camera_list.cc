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

ListedSource ListedOf(const v1::CameraSource& source) {
  ListedSource status;
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
  status.flush_age = Duration{source.flush_age_ns()};
  status.gaps_last_day = source.gaps_last_day();
  status.gap_last_day = Duration{source.gap_last_day_ns()};
  status.volume.value = static_cast<decltype(status.volume.value)>(source.volume());
  return status;
}

class RemoteCameraList final : public CameraList {
 public:
  RemoteCameraList(const std::shared_ptr<grpc::Channel>& channel, ServerAddress address)
      : address_(std::move(address)), admin_(v1::Admin::NewStub(channel)) {}

  Result<std::vector<ListedSource>> Now() override {
    v1::ListCamerasResponse reply;
    REEL_RETURN_IF_ERROR(
        Call(&v1::Admin::StubInterface::ListCameras, v1::ListCamerasRequest(), &reply));
    std::vector<ListedSource> sources;
    for (const v1::CameraSource& source : reply.sources()) sources.push_back(ListedOf(source));
    return sources;
  }
  Result<std::vector<VolumeInfo>> Volumes() override {
    v1::ListVolumesResponse reply;
    REEL_RETURN_IF_ERROR(
        Call(&v1::Admin::StubInterface::ListVolumes, v1::ListVolumesRequest(), &reply));
    std::vector<VolumeInfo> volumes;
    for (const v1::VolumeInfo& volume : reply.volumes()) volumes.push_back(FromWire(volume));
    return volumes;
  }
  Result<size_t> ReloadConfig() override {
    v1::ReloadConfigResponse reply;
    REEL_RETURN_IF_ERROR(
        Call(&v1::Admin::StubInterface::ReloadConfig, v1::ReloadConfigRequest(), &reply));
    return size_t{reply.cameras()};
  }

 private:
  template <class Request, class Reply>
  Status Call(grpc::Status (v1::Admin::StubInterface::*call)(grpc::ClientContext*, const Request&,
                                                             Reply*),
              const Request& request, Reply* reply) {
    grpc::ClientContext context;
    context.set_deadline(DeadlineAfter(kCallTime));
    const Status status = FromWire((*admin_.*call)(&context, request, reply));
    return status.code() == Code::kUnavailable ? Unanswered(address_, status) : status;
  }

  const ServerAddress address_;
  const std::unique_ptr<v1::Admin::StubInterface> admin_;
};

}  // namespace

Result<std::unique_ptr<CameraList>> CameraList::Open(const ServerAddress& address) {
  REEL_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, Connect(address));
  return std::unique_ptr<CameraList>(std::make_unique<RemoteCameraList>(channel, address));
}

}  // namespace reel::server
