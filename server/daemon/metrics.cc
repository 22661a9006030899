#include "server/daemon/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

#include <exception>
#include <utility>
#include <vector>

namespace reel::server {
namespace {

using Labels = std::vector<prometheus::ClientMetric::Label>;
using Families = std::vector<prometheus::MetricFamily>;

double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

prometheus::MetricFamily Family(const char* name, const char* help, prometheus::MetricType type) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

void Add(prometheus::MetricFamily* family, Labels labels, double value) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  if (family->type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family->metric.push_back(std::move(metric));
}

struct StoreMetric {
  const char* name;
  const char* help;
  prometheus::MetricType type;
  uint64_t StoreCounters::*value;
};

constexpr auto kCounter = prometheus::MetricType::Counter;
constexpr auto kGauge = prometheus::MetricType::Gauge;

const std::vector<StoreMetric>& StoreMetrics() {
  static const std::vector<StoreMetric> metrics = {
      {"reel_units_accepted_total", "Access units taken from sources.", kCounter,
       &StoreCounters::units_accepted},
      {"reel_accepted_bytes_total", "Bytes of them.", kCounter, &StoreCounters::bytes_accepted},
      {"reel_units_durable_total", "Access units that would survive a power cut.", kCounter,
       &StoreCounters::units_durable},
      {"reel_units_shed_total", "Access units lost because memory was full.", kCounter,
       &StoreCounters::units_shed},
      {"reel_units_resent_total", "Access units that came again and were known.", kCounter,
       &StoreCounters::units_resent},
      {"reel_chunks_written_total", "Writes of footage.", kCounter, &StoreCounters::chunks_written},
      {"reel_chunk_bytes_written_total", "Bytes of them, padding included.", kCounter,
       &StoreCounters::chunk_bytes_written},
      {"reel_segments_recycled_total", "Oldest segments that made room.", kCounter,
       &StoreCounters::segments_recycled},
      {"reel_segments_salvaged_total", "Segments a crash or an error left unsealed.", kCounter,
       &StoreCounters::segments_salvaged},
      {"reel_acknowledged_chunks_lost_total", "Acknowledged chunks salvage did not find: damage.",
       kCounter, &StoreCounters::acknowledged_chunks_lost},
      {"reel_reads_refused_damaged_total", "Reads that met bytes which do not verify.", kCounter,
       &StoreCounters::reads_refused_damaged},
      {"reel_buffer_bytes", "Memory holding units that are not written yet.", kGauge,
       &StoreCounters::buffer_bytes_in_use},
  };
  return metrics;
}

void CollectStore(Store& store, Families* families) {
  const StoreCounters counters = store.counters();
  for (const StoreMetric& metric : StoreMetrics()) {
    families->push_back(Family(metric.name, metric.help, metric.type));
    Add(&families->back(), {}, static_cast<double>(counters.*metric.value));
  }
}

void CollectVolumes(Store& store, Families* families) {
  auto good = Family("reel_volume_good", "1: the volume takes footage.", kGauge);
  auto used = Family("reel_volume_segments_in_use", "Segments that hold footage.", kGauge);
  auto all = Family("reel_volume_segments", "Segments it may have.", kGauge);
  for (const VolumeInfo& volume : store.Volumes()) {
    const Labels labels = {{"volume", std::to_string(volume.number.value)}, {"path", volume.path}};
    Add(&good, labels, volume.state == "good" ? 1 : 0);
    Add(&used, labels, volume.segments_in_use);
    Add(&all, labels, volume.segments_max);
  }
  for (auto* family : {&good, &used, &all}) families->push_back(std::move(*family));
}

struct SourceMetric {
  const char* name;
  const char* help;
  prometheus::MetricType type;
  double (*value)(const SourceStatus& source, WallTime now);
};

double Age(const std::optional<WallTime>& then, WallTime now) {
  return then ? Seconds(now - *then) : -1;
}

const std::vector<SourceMetric>& SourceMetrics() {
  static const std::vector<SourceMetric> metrics = {
      {"reel_source_recording", "1: footage of the source is being recorded.", kGauge,
       [](const SourceStatus& s, WallTime) {
         return s.state == SourceState::kRecording ? 1.0 : 0.0;
       }},
      {"reel_source_wanted", "1: its mode wants it recorded now.", kGauge,
       [](const SourceStatus& s, WallTime) { return s.state == SourceState::kOff ? 0.0 : 1.0; }},
      {"reel_source_trouble", "1: something is wrong with it; 'reel cameras' says what.", kGauge,
       [](const SourceStatus& s, WallTime) { return s.trouble.empty() ? 0.0 : 1.0; }},
      {"reel_source_bits_per_second", "Over the last seconds.", kGauge,
       [](const SourceStatus& s, WallTime) { return s.bits_per_second; }},
      {"reel_source_frames_per_second", "Over the last seconds.", kGauge,
       [](const SourceStatus& s, WallTime) { return s.frames_per_second; }},
      {"reel_source_last_unit_age_seconds", "Since the last access unit; -1: none yet.", kGauge,
       [](const SourceStatus& s, WallTime now) { return Age(s.last_unit, now); }},
      {"reel_source_last_clean_point_age_seconds", "Since the last clean point; -1: none yet.",
       kGauge, [](const SourceStatus& s, WallTime now) { return Age(s.last_clean_point, now); }},
      {"reel_source_clock_offset_seconds", "The camera's clock minus the node's.", kGauge,
       [](const SourceStatus& s, WallTime) { return Seconds(s.clock_offset); }},
      {"reel_source_units_total", "Access units taken.", kCounter,
       [](const SourceStatus& s, WallTime) { return static_cast<double>(s.units); }},
      {"reel_source_bytes_total", "Bytes of them.", kCounter,
       [](const SourceStatus& s, WallTime) { return static_cast<double>(s.bytes); }},
      {"reel_source_packets_lost_total", "Packets the network lost.", kCounter,
       [](const SourceStatus& s, WallTime) { return static_cast<double>(s.packets_lost); }},
      {"reel_source_reconnects_total", "Connections after the first.", kCounter,
       [](const SourceStatus& s, WallTime) { return static_cast<double>(s.reconnects); }},
  };
  return metrics;
}

void CollectSources(Cameras& cameras, WallTime now, Families* families) {
  const std::vector<SourceStatus> sources = cameras.Sources();
  for (const SourceMetric& metric : SourceMetrics()) {
    families->push_back(Family(metric.name, metric.help, metric.type));
    for (const SourceStatus& source : sources) {
      Add(&families->back(), {{"camera", source.camera}, {"stream", source.stream}},
          metric.value(source, now));
    }
  }
}

class Source final : public prometheus::Collectable {
 public:
  Source(Store& store, Cameras& cameras, Clock& clock)
      : store_(store), cameras_(cameras), clock_(clock) {}
  std::vector<prometheus::MetricFamily> Collect() const override {
    Families families;
    CollectStore(store_, &families);
    CollectVolumes(store_, &families);
    CollectSources(cameras_, clock_.WallNow(), &families);
    return families;
  }

 private:
  Store& store_;
  Cameras& cameras_;
  Clock& clock_;
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

Result<std::unique_ptr<Metrics>> Metrics::Start(const std::string& address, Store& store,
                                                Cameras& cameras, Clock& clock) {
  try {  // the library's constructor has no other way to say it
    auto source = std::make_shared<Source>(store, cameras, clock);
    return std::unique_ptr<Metrics>(std::make_unique<HttpMetrics>(address, std::move(source)));
  } catch (const std::exception& error) {
    return Unavailable("metrics on " + address + ": " + error.what());
  }
}

}  // namespace reel::server
