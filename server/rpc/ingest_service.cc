#include "server/rpc/append_session.h"
#include "server/rpc/services.h"

namespace reel::server {

grpc::ServerBidiReactor<v1::AppendRequest, v1::AppendResponse>* IngestService::Append(
    grpc::CallbackServerContext* context) {
  return AppendSession::Start(side_, context);
}

}  // namespace reel::server
