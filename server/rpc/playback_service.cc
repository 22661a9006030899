#include <memory>
#include <utility>

#include "engine/av/thumbnail.h"
#include "server/rpc/convert.h"
#include "server/rpc/export_stream.h"
#include "server/rpc/read_stream.h"
#include "server/rpc/seek_stream.h"
#include "server/rpc/services.h"
#include "server/rpc/timeline_page.h"
#include "server/rpc/unary.h"

namespace reel::server {
namespace {

constexpr uint32_t kMaxThumbnailWidth = 4096;
constexpr Duration kDecodeTime = std::chrono::seconds(10);

Status Thumbnail(RpcCore& core, Visit& visit, const v1::ThumbnailRequest& request,
                 v1::ThumbnailResponse* response) {
  ThumbnailOptions options;
  if (request.width() > kMaxThumbnailWidth || request.width() % 2 != 0) {
    return InvalidArgument("width is even and at most " + std::to_string(kMaxThumbnailWidth));
  }
  if (request.quality() > 100) return InvalidArgument("quality is 1..100");
  options.width = request.width();
  if (request.quality() != 0) options.quality = static_cast<int>(request.quality());
  options.decoder.wall_time = kDecodeTime;
  if (!core.options.decode_command.empty()) {
    options.decoder.command = core.options.decode_command;
  }
  const WallTime time{request.time_ns()};
  Errand errand;
  errand.stream = request.stream();
  errand.range = WallRange{time, time};
  errand.weighty = true;
  errand.purpose = PurposeOf(request.purpose());
  REEL_ASSIGN_OR_RETURN(const StreamInfo stream, visit.Enter(errand));
  REEL_ASSIGN_OR_RETURN(const reel::Thumbnail made,
                        MakeThumbnail(core.store, stream.id, time, options));
  response->set_jpeg(made.jpeg.data(), made.jpeg.size());
  response->set_width(made.width);
  response->set_height(made.height);
  response->set_shown_ns(made.picture.shown.ns);
  response->set_run(ToString(made.picture.run));
  response->set_unit(made.picture.unit.value);
  response->set_concealed(made.concealed);
  return OkStatus();
}

}  // namespace

grpc::ServerWriteReactor<grpc::ByteBuffer>* PlaybackService::Seek(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  return ByteStream::Start(std::make_shared<SeekStream>(side_, "reel.v1.Playback/Seek", context),
                           request);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* PlaybackService::Read(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  return ByteStream::Start(std::make_shared<ReadStream>(side_, "reel.v1.Playback/Read", context),
                           request);
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* PlaybackService::Export(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  return ByteStream::Start(
      std::make_shared<ExportStream>(side_, "reel.v1.Playback/Export", context), request);
}

grpc::ServerUnaryReactor* PlaybackService::Timeline(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request,
                                                    grpc::ByteBuffer* response) {
  return ServeUnary<v1::TimelineRequest, v1::TimelineResponse>(
      side_, "reel.v1.Playback/Timeline", context, request, response,
      [core = side_.core](Visit& visit, const v1::TimelineRequest& asked,
                          v1::TimelineResponse* page) {
        return MakeTimelinePage(core->store, visit, asked, page);
      });
}

grpc::ServerUnaryReactor* PlaybackService::Thumbnail(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request,
                                                     grpc::ByteBuffer* response) {
  return ServeUnary<v1::ThumbnailRequest, v1::ThumbnailResponse>(
      side_, "reel.v1.Playback/Thumbnail", context, request, response,
      [core = side_.core](Visit& visit, const v1::ThumbnailRequest& asked,
                          v1::ThumbnailResponse* made) {
        return server::Thumbnail(*core, visit, asked, made);
      });
}

}  // namespace reel::server
