// Metrics in Prometheus' form over HTTP, GET /metrics. docs/OPERATIONS.md says what each means.
//
// Thread rule: Start and destruction by one thread; scraping reads what any thread may read.
// Ownership: what it reads outlives it.
#pragma once

#include <memory>
#include <string>

#include "reel/clock.h"
#include "reel/store.h"
#include "server/ingest/cameras.h"
#include "server/rpc/rpc_figures.h"

namespace reel::server {

// All of them are needed.
struct MetricsSources {
  Store* store = nullptr;
  Cameras* cameras = nullptr;
  const RpcFigures* rpc = nullptr;
  Clock* clock = nullptr;
};

class Metrics {
 public:
  // Listens on `address`, HOST:PORT. Unavailable.
  static Result<std::unique_ptr<Metrics>> Start(const std::string& address,
                                                const MetricsSources& of);
  virtual ~Metrics() = default;
  // Where it listens, if it was given port 0.
  virtual uint16_t port() const = 0;
};

}  // namespace reel::server
