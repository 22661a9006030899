#include "server/rpc/grpc_log.h"

#include <grpc/support/log.h>

#include <atomic>
#include <string>

namespace reel::server {
namespace {

// gRPC's function takes nothing along.
std::atomic<void (*)(LogLevel, std::string_view)> g_sink;

void Take(gpr_log_func_args* line) {
  const auto sink = g_sink.load();
  if (sink != nullptr) sink(LogLevel::kWarning, std::string("grpc: ") + line->message);
}

}  // namespace

void SendGrpcLogTo(void (*sink)(LogLevel, std::string_view)) {
  g_sink = sink;
  gpr_set_log_function(Take);
}

}  // namespace reel::server
