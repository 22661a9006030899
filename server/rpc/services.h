// The services of the wire (server/proto), one object of each per kind of connection.
//
// Thread rule: called by gRPC's threads, which they never keep waiting.
// Ownership: the side outlives them, and they every call.
#pragma once

#include <reel/v1/admin.grpc.pb.h>
#include <reel/v1/ingest.grpc.pb.h>
#include <reel/v1/playback.grpc.pb.h>
#include "server/rpc/core.h"

namespace reel::server {

class IngestService final : public v1::Ingest::CallbackService {
 public:
  explicit IngestService(const ServiceSide& side) : side_(side) {}
  grpc::ServerBidiReactor<v1::AppendRequest, v1::AppendResponse>* Append(
      grpc::CallbackServerContext* context) override;

 private:
  const ServiceSide& side_;
};

// Footage goes out as it lies in memory, behind a message made by hand: raw methods.
using PlaybackMethods =
    v1::Playback::WithRawCallbackMethod_Seek<v1::Playback::WithRawCallbackMethod_Read<
        v1::Playback::WithRawCallbackMethod_Export<v1::Playback::WithCallbackMethod_Timeline<
            v1::Playback::WithCallbackMethod_Thumbnail<v1::Playback::Service>>>>>;

class PlaybackService final : public PlaybackMethods {
 public:
  explicit PlaybackService(const ServiceSide& side) : side_(side) {}

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Seek(grpc::CallbackServerContext* context,
                                                   const grpc::ByteBuffer* request) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Read(grpc::CallbackServerContext* context,
                                                   const grpc::ByteBuffer* request) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Export(grpc::CallbackServerContext* context,
                                                     const grpc::ByteBuffer* request) override;
  grpc::ServerUnaryReactor* Timeline(grpc::CallbackServerContext* context,
                                     const v1::TimelineRequest* request,
                                     v1::TimelineResponse* response) override;
  grpc::ServerUnaryReactor* Thumbnail(grpc::CallbackServerContext* context,
                                      const v1::ThumbnailRequest* request,
                                      v1::ThumbnailResponse* response) override;

 private:
  const ServiceSide& side_;
};

class AdminService final : public v1::Admin::CallbackService {
 public:
  explicit AdminService(const ServiceSide& side) : side_(side) {}

  grpc::ServerUnaryReactor* ListStreams(grpc::CallbackServerContext* context,
                                        const v1::ListStreamsRequest* request,
                                        v1::ListStreamsResponse* response) override;
  grpc::ServerUnaryReactor* ListImports(grpc::CallbackServerContext* context,
                                        const v1::ListImportsRequest* request,
                                        v1::ListImportsResponse* response) override;
  grpc::ServerUnaryReactor* AddStream(grpc::CallbackServerContext* context,
                                      const v1::AddStreamRequest* request,
                                      v1::StreamInfo* response) override;
  grpc::ServerUnaryReactor* RenameStream(grpc::CallbackServerContext* context,
                                         const v1::RenameStreamRequest* request,
                                         v1::StreamInfo* response) override;
  grpc::ServerUnaryReactor* RetireStream(grpc::CallbackServerContext* context,
                                         const v1::RetireStreamRequest* request,
                                         v1::StreamInfo* response) override;
  grpc::ServerUnaryReactor* ListCameras(grpc::CallbackServerContext* context,
                                        const v1::ListCamerasRequest* request,
                                        v1::ListCamerasResponse* response) override;
  grpc::ServerUnaryReactor* ListVolumes(grpc::CallbackServerContext* context,
                                        const v1::ListVolumesRequest* request,
                                        v1::ListVolumesResponse* response) override;
  grpc::ServerUnaryReactor* GetHealth(grpc::CallbackServerContext* context,
                                      const v1::GetHealthRequest* request,
                                      v1::GetHealthResponse* response) override;
  grpc::ServerUnaryReactor* ReloadConfig(grpc::CallbackServerContext* context,
                                         const v1::ReloadConfigRequest* request,
                                         v1::ReloadConfigResponse* response) override;
  grpc::ServerUnaryReactor* StartVerify(grpc::CallbackServerContext* context,
                                        const v1::StartVerifyRequest* request,
                                        v1::Operation* response) override;
  grpc::ServerUnaryReactor* StartReindex(grpc::CallbackServerContext* context,
                                         const v1::StartReindexRequest* request,
                                         v1::Operation* response) override;
  grpc::ServerUnaryReactor* ListOperations(grpc::CallbackServerContext* context,
                                           const v1::ListOperationsRequest* request,
                                           v1::ListOperationsResponse* response) override;
  grpc::ServerUnaryReactor* GetOperation(grpc::CallbackServerContext* context,
                                         const v1::GetOperationRequest* request,
                                         v1::Operation* response) override;
  grpc::ServerUnaryReactor* CancelOperation(grpc::CallbackServerContext* context,
                                            const v1::CancelOperationRequest* request,
                                            v1::Operation* response) override;

 private:
  const ServiceSide& side_;
};

}  // namespace reel::server
