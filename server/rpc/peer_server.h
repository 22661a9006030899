// PeerServer: a gRPC server for one kind of peer: one user of the Unix socket, or everybody over
// TCP.
//
// gRPC 1.51 tells its services nothing about who is at the other end of a Unix socket. So there is
// a server per user: a connection is given to the server of the user that the kernel names, and
// nothing that it says can lead to another one (docs/adr/0008-who-is-calling.md).
// Thread rule: all calls from any thread at once; Shutdown once.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "server/rpc/reflection_service.h"
#include "server/rpc/services.h"
#include "server/rpc/socket_fd.h"

namespace reel::server {

// What all servers have in common.
struct PeerServerLimits {
  static constexpr int kStreamsPerConnection = 64;
  static constexpr int kMetadataBytes = 8 << 10;
  static constexpr size_t kMemoryBytes = 512U << 20;
  static constexpr Duration kKeepalive = std::chrono::seconds(20);
  static constexpr Duration kKeepaliveTimeout = std::chrono::seconds(10);
  static constexpr Duration kAge = std::chrono::hours(1);
  static constexpr Duration kAgeGrace = std::chrono::minutes(1);
  static constexpr Duration kHandshake = std::chrono::seconds(10);
};

class PeerServer {
 public:
  static Result<std::unique_ptr<PeerServer>> Start(
      ServiceSide side, const std::shared_ptr<grpc::ServerCredentials>& credentials,
      const grpc::ResourceQuota& quota);

  void Take(SocketFd fd);
  void Shutdown(gpr_timespec deadline) { server_->Shutdown(deadline); }

 private:
  explicit PeerServer(ServiceSide side)
      : side_(std::move(side)), ingest_(side_), playback_(side_), admin_(side_) {}

  const ServiceSide side_;
  IngestService ingest_;
  PlaybackService playback_;
  AdminService admin_;
  ReflectionService reflection_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace reel::server
