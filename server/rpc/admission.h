// What every call must meet before anything is done for it.
//
// Thread rule: pure function.
#pragma once

#include <grpcpp/server_context.h>

#include "server/rpc/core.h"
#include "server/rpc/rules.h"

namespace reel::server {

// InvalidArgument: no deadline where one is needed. ResourceExhausted: the request is too long.
// Unavailable: the server stops.
Status Admit(const RpcCore& core, const RpcRule& rule, const grpc::ServerContextBase& context,
             size_t request_bytes);

}  // namespace reel::server
