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

// All methods are raw: how long a request may be is looked at before it is parsed, because gRPC's
// own bound is that of a unit for all of them, and a message can be forty times as long in memory
// as on the wire. And footage goes out as it lies in memory, behind a message made by hand.

class IngestService final : public v1::Ingest::WithRawCallbackMethod_Append<v1::Ingest::Service> {
 public:
  explicit IngestService(const ServiceSide& side) : side_(side) {}
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Append(
      grpc::CallbackServerContext* context) override;

 private:
  const ServiceSide& side_;
};

using PlaybackMethods =
    v1::Playback::WithRawCallbackMethod_Seek<v1::Playback::WithRawCallbackMethod_Read<
        v1::Playback::WithRawCallbackMethod_Export<v1::Playback::WithRawCallbackMethod_Timeline<
            v1::Playback::WithRawCallbackMethod_Thumbnail<v1::Playback::Service>>>>>;

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
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Thumbnail(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;

 private:
  const ServiceSide& side_;
};

using AdminMethods = v1::Admin::WithRawCallbackMethod_ListStreams<
    v1::Admin::WithRawCallbackMethod_AddStream<v1::Admin::WithRawCallbackMethod_RenameStream<
        v1::Admin::WithRawCallbackMethod_RetireStream<v1::Admin::WithRawCallbackMethod_ListCameras<
            v1::Admin::WithRawCallbackMethod_ListVolumes<v1::Admin::WithRawCallbackMethod_GetHealth<
                v1::Admin::WithRawCallbackMethod_ReloadConfig<
                    v1::Admin::WithRawCallbackMethod_StartVerify<
                        v1::Admin::WithRawCallbackMethod_StartReindex<
                            v1::Admin::WithRawCallbackMethod_ListOperations<
                                v1::Admin::WithRawCallbackMethod_GetOperation<
                                    v1::Admin::WithRawCallbackMethod_CancelOperation<
                                        v1::Admin::WithRawCallbackMethod_ListImports<
                                            v1::Admin::Service>>>>>>>>>>>>>>;

class AdminService final : public AdminMethods {
 public:
  explicit AdminService(const ServiceSide& side) : side_(side) {}

  grpc::ServerUnaryReactor* ListStreams(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListImports(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* AddStream(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* RenameStream(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* RetireStream(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListCameras(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListVolumes(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetHealth(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ReloadConfig(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* StartVerify(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* StartReindex(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListOperations(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetOperation(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* CancelOperation(grpc::CallbackServerContext* context,
                                            const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) override;

 private:
  const ServiceSide& side_;
};

}  // namespace reel::server
