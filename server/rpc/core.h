// RpcCore: what all services of all connections share.
//
// Thread rule: its parts say theirs. Ownership: made by RpcServer; outlives every call.
#pragma once

#include <grpcpp/server_context.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "server/access/identity.h"
#include "server/rpc/audit_ahead.h"
#include "server/rpc/denials.h"
#include "server/rpc/executor.h"
#include "server/rpc/gap_days.h"
#include "server/rpc/glances.h"
#include "server/rpc/open_streams.h"
#include "server/rpc/operations.h"
#include "server/rpc/rpc_server.h"
#include "server/rpc/rules.h"
#include "server/rpc/timer.h"

namespace reel::server {

// How often a stream is looked at without an event of its own: deadlines, silence, permission.
inline constexpr Duration kWatchEvery = std::chrono::milliseconds(500);

struct RpcCore {
  explicit RpcCore(const RpcOptions& given)
      : options(given),
        store(*given.store),
        clock(given.clock == nullptr ? SystemClock() : *given.clock),
        figures(given.figures == nullptr ? own_figures : *given.figures),
        audit_ahead(*given.audit),
        seeks(given.seek_threads, figures.reads_waiting),
        reads(given.read_threads, figures.reads_waiting),
        pictures(given.picture_threads, figures.reads_waiting),
        appends(given.ingest_threads, figures.appends_waiting),
        gap_days(store, clock),
        operations(store, clock) {}

  Executor& executor(Lane lane);
  // What runs ends, what waits is dropped.
  void StopExecutors();

  void Log(LogLevel level, const std::string& line) const {
    if (options.log) options.log(level, line);
  }

  const RpcOptions options;
  Store& store;
  Clock& clock;
  RpcFigures own_figures;
  RpcFigures& figures;
  AuditAhead audit_ahead;
  Executor seeks;
  Executor reads;
  Executor pictures;
  Executor appends;
  Timer timer;
  Denials denials;
  OpenStreams open_streams;
  Glances glances;
  GapDays gap_days;
  Operations operations;
  std::function<uint32_t()> connections = [] { return 0U; };
  std::atomic<bool> stopping{false};
};

// The services of one kind of connection: those of one user of the Unix socket, or TLS.
struct ServiceSide {
  RpcCore* core = nullptr;
  // Who is at the other end of all of them; nullopt: as the certificate says.
  std::optional<Identity> fixed;

  Identity WhoIs(const grpc::ServerContextBase& context) const;
  std::string From(const grpc::ServerContextBase& context) const;
};

}  // namespace reel::server
