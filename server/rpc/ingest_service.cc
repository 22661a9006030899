#include "server/rpc/append_session.h"
#include "server/rpc/services.h"

namespace reel::server {

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* IngestService::Append(
    grpc::CallbackServerContext* context) {
  return AppendSession::Start(side_, context);
}

}  // namespace reel::server
