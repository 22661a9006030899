#include "server/daemon/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>

#include <exception>
#include <utility>
#include <vector>

#include "server/daemon/metric_families.h"

namespace reel::server {
namespace {

class Source final : public prometheus::Collectable {
 public:
  explicit Source(const MetricsSources& of) : of_(of) {}
  std::vector<prometheus::MetricFamily> Collect() const override { return CollectMetrics(of_); }

 private:
  const MetricsSources of_;
};

class HttpMetrics final : public Metrics {
 public:
  HttpMetrics(const std::string& address, std::shared_ptr<Source> source)
      : source_(std::move(source)), exposer_(address, 1) {
    exposer_.RegisterCollectable(source_);
  }
  uint16_t port() const override {
    const std::vector<int> ports = exposer_.GetListeningPorts();
    return ports.empty() ? uint16_t{0} : static_cast<uint16_t>(ports.front());
  }

 private:
  const std::shared_ptr<Source> source_;
  prometheus::Exposer exposer_;  // ends before the source
};

}  // namespace

Result<std::unique_ptr<Metrics>> Metrics::Start(const std::string& address,
                                                const MetricsSources& of) {
  try {  // the library's constructor has no other way to say it
    auto source = std::make_shared<Source>(of);
    return std::unique_ptr<Metrics>(std::make_unique<HttpMetrics>(address, std::move(source)));
  } catch (const std::exception& error) {
    return Unavailable("metrics on " + address + ": " + error.what());
  }
}

}  // namespace reel::server
