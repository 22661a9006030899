// ReflectionService: tells who connects what is in server/proto, as grpcurl and its like ask for
// it.
//
// gRPC's own needs a thread for each server, of which there is one a user, and parses requests of
// whatever length the server takes.
// Thread rule: called by gRPC's threads, which it never keeps waiting: descriptors are in memory.
// Bounds: a request has kMaxRequestBytes; one of a session is answered at a time.
#pragma once

#include <grpc/reflection/v1alpha/reflection.grpc.pb.h>

namespace reel::server {

namespace wire_reflection = grpc::reflection::v1alpha;

class ReflectionService final
    : public wire_reflection::ServerReflection::WithRawCallbackMethod_ServerReflectionInfo<
          wire_reflection::ServerReflection::Service> {
 public:
  // A name or a path; nothing in it is longer.
  static constexpr size_t kMaxRequestBytes = 4096;

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ServerReflectionInfo(
      grpc::CallbackServerContext* context) override;
};

}  // namespace reel::server
