#include "server/rpc/peer_server.h"

#include <mutex>

#include "server/rpc/rules.h"

namespace reel::server {
namespace {

int Milliseconds(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

void Limit(const grpc::ResourceQuota& quota, grpc::ServerBuilder* builder) {
  using Limits = PeerServerLimits;
  builder->SetResourceQuota(quota);
  builder->SetMaxReceiveMessageSize(static_cast<int>(kMaxAppendBytes));
  // What a client compresses could be much longer than it looks.
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, Limits::kStreamsPerConnection);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, Limits::kMetadataBytes);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(Limits::kKeepalive));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                              Milliseconds(Limits::kKeepaliveTimeout));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Milliseconds(Limits::kAge));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                              Milliseconds(Limits::kAgeGrace));
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                              Milliseconds(Limits::kHandshake));
}

void EnableHealthService() {
  static std::once_flag once;
  std::call_once(once, [] { grpc::EnableDefaultHealthCheckService(true); });
}

}  // namespace

Result<std::unique_ptr<PeerServer>> PeerServer::Start(
    ServiceSide side, const std::shared_ptr<grpc::ServerCredentials>& credentials,
    const grpc::ResourceQuota& quota) {
  EnableHealthService();
  std::unique_ptr<PeerServer> peers(new PeerServer(std::move(side)));
  grpc::ServerBuilder builder;
  Limit(quota, &builder);
  builder.RegisterService(&peers->ingest_);
  builder.RegisterService(&peers->playback_);
  builder.RegisterService(&peers->admin_);
  builder.RegisterService(&peers->reflection_);
  peers->connections_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials);
  peers->server_ = builder.BuildAndStart();
  if (peers->server_ == nullptr) {
    return InvalidArgument("no RPC server could be made: certificate and key do not fit?");
  }
  return peers;
}

void PeerServer::Take(SocketFd fd) {
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
  connection.fd = fd.Release();
  connections_->HandleNewConnection(&connection);
}

}  // namespace reel::server
