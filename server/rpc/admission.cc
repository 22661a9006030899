#include "server/rpc/admission.h"

namespace reel::server {

Status Admit(const RpcCore& core, const RpcRule& rule, const grpc::ServerContextBase& context,
             size_t request_bytes) {
  if (core.stopping) return Unavailable("the server stops");
  if (request_bytes > kMaxRequestBytes) {
    return ResourceExhausted("a request has at most " + std::to_string(kMaxRequestBytes) +
                             " bytes");
  }
  if (rule.needs_deadline && context.deadline() == std::chrono::system_clock::time_point::max()) {
    return InvalidArgument(std::string(rule.call) + " needs a deadline");
  }
  return OkStatus();
}

}  // namespace reel::server
