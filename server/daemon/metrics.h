// Metrics in Prometheus' form over HTTP, GET /metrics. docs/OPERATIONS.md says what each means.
//
// Thread rule: Start and destruction by one thread; scraping reads what any thread may read.
// Ownership: store and cameras outlive it.
#pragma once

#include <memory>
#include <string>

#include "reel/clock.h"
#include "reel/store.h"
#include "server/ingest/cameras.h"

namespace reel::server {

class Metrics {
 public:
  // Listens on `address`, HOST:PORT. Unavailable.
  static Result<std::unique_ptr<Metrics>> Start(const std::string& address, Store& store,
                                                Cameras& cameras, Clock& clock);
  virtual ~Metrics() = default;
  // Where it listens, if it was given port 0.
  virtual uint16_t port() const = 0;
};

}  // namespace reel::server
