#include "server/daemon/metric_families.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

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

// A family of one without labels.
void PutOne(Families* families, const char* name, const char* help, prometheus::MetricType type,
            double value) {
  families->push_back(Family(name, help, type));
  Add(&families->back(), {}, value);
}

void PutLatency(Families* families, const char* name, const char* help,
                const LatencyCounts& latency) {
  prometheus::ClientMetric metric;
  prometheus::ClientMetric::Histogram& histogram = metric.histogram;
  histogram.sample_sum = Seconds(latency.sum);
  for (size_t i = 0; i < latency.counts.size(); ++i) {
    histogram.sample_count += latency.counts[i];
    const bool last = i == LatencyCounts::kBounds.size();
    const double bound =
        last ? std::numeric_limits<double>::infinity() : Seconds(LatencyCounts::kBounds[i]);
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
  families->push_back(Family(name, help, prometheus::MetricType::Histogram));
  families->back().metric.push_back(std::move(metric));
}

struct StoreMetric {
  const char* name;
  const char* help;
  prometheus::MetricType type;
  uint64_t StoreCounters::*value;
};

constexpr auto kCounter = prometheus::MetricType::Counter;
constexpr auto kGauge = prometheus::MetricType::Gauge;

// Those that a source tells of; what the store itself loses it counts as shed.
constexpr std::array kSourceCauses = {GapCause::kSourceLost,    GapCause::kLoginRefused,
                                      GapCause::kSourceStalled, GapCause::kPacketsLost,
                                      GapCause::kDiskError,     GapCause::kNotRecorded,
                                      GapCause::kOffSchedule};

const std::vector<StoreMetric>& StoreMetrics() {
  static const std::vector<StoreMetric> metrics = {
      {"reel_units_accepted_total", "Access units taken from sources.", kCounter,
       &StoreCounters::units_accepted},
      {"reel_accepted_bytes_total", "Bytes of them.", kCounter, &StoreCounters::bytes_accepted},
      {"reel_units_durable_total", "Access units that would survive a power cut.", kCounter,
       &StoreCounters::units_durable},
      {"reel_durable_bytes_total", "Bytes of them.", kCounter, &StoreCounters::bytes_durable},
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
  PutLatency(
      families, "reel_ack_latency_seconds",
      "From a unit's coming to its being durable; of each write the unit that waited longest.",
      counters.acknowledgement);
  Duration oldest{0};
  for (const StreamInfo& stream : store.Streams()) oldest = std::max(oldest, stream.flush_age);
  PutOne(families, "reel_flush_age_seconds",
         "Since the oldest unit that is not durable came, of all streams.", kGauge,
         Seconds(oldest));
}

void CollectVolumes(Store& store, Families* families) {
  auto good = Family("reel_volume_good", "1: the volume takes footage.", kGauge);
  auto used = Family("reel_volume_segments_in_use", "Segments that hold footage.", kGauge);
  auto all = Family("reel_volume_segments", "Segments it may have.", kGauge);
  auto size = Family("reel_volume_segment_bytes", "Bytes of one of them.", kGauge);
  for (const VolumeInfo& volume : store.Volumes()) {
    const Labels labels = {{"volume", std::to_string(volume.number.value)}, {"path", volume.path}};
    Add(&good, labels, volume.state == "good" ? 1 : 0);
    Add(&used, labels, volume.segments_in_use);
    Add(&all, labels, volume.segments_max);
    Add(&size, labels, static_cast<double>(volume.segment_bytes));
  }
  for (auto* family : {&good, &used, &all, &size}) families->push_back(std::move(*family));
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
      {"reel_source_flush_age_seconds", "Since its oldest unit that is not durable came.", kGauge,
       [](const SourceStatus& s, WallTime) { return Seconds(s.flush_age); }},
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
  families->push_back(
      Family("reel_source_trouble_kind", "1: what it is, of a source with trouble.", kGauge));
  for (const SourceStatus& source : sources) {
    if (source.trouble_kind == TroubleKind::kNone) continue;
    Add(&families->back(),
        {{"camera", source.camera},
         {"stream", source.stream},
         {"kind", std::string(NameOf(source.trouble_kind))}},
        1);
  }
}

// Every cause from the start, at 0: an increase of what was not there is none.
void CollectGaps(Cameras& cameras, Families* families) {
  const GapFigures figures = cameras.Gaps();
  auto count = Family("reel_gaps_total", "Stretches that sources did not deliver.", kCounter);
  auto length = Family("reel_gap_seconds_total", "How long they were together.", kCounter);
  for (const GapCause cause : kSourceCauses) {
    const Labels labels = {{"cause", std::string(GapCauseName(cause))}};
    const auto of = figures.by_cause.find(cause);
    const bool any = of != figures.by_cause.end();
    Add(&count, labels, any ? static_cast<double>(of->second.count) : 0);
    Add(&length, labels, any ? Seconds(of->second.length) : 0);
  }
  for (auto* family : {&count, &length}) families->push_back(std::move(*family));
  PutOne(families, "reel_gap_records_waiting", "Gaps on their way to the disk.", kGauge,
         static_cast<double>(figures.waiting));
  PutOne(families, "reel_gap_records_dropped_total", "Gaps that found too many before them.",
         kCounter, static_cast<double>(figures.dropped));
}

void CollectRpc(const RpcFigures& figures, Families* families) {
  PutLatency(families, "reel_seek_latency_seconds", "From a Seek's request to its first message.",
             figures.seek.Counts());
  const auto put = [&](const char* name, const char* help, prometheus::MetricType type,
                       auto value) {
    PutOne(families, name, help, type, static_cast<double>(value));
  };
  put("reel_reader_waits_total", "Times a stream had to wait for its reader.", kCounter,
      figures.reader_waits.load());
  PutOne(families, "reel_reader_wait_seconds_total", "How long they were together.", kCounter,
         Seconds(Duration{figures.reader_wait_ns}));
  put("reel_reader_units_skipped_total", "Units left out for live readers that were too slow.",
      kCounter, figures.reader_units_skipped.load());
  put("reel_readers_ended_total", "Readers ended because they took nothing.", kCounter,
      figures.readers_ended.load());
  put("reel_rpc_streams", "Calls that go on: reads, exports, appends.", kGauge,
      figures.streams_open.load());
  put("reel_rpc_reads_waiting", "Calls that wait for a thread to read.", kGauge,
      figures.reads_waiting.load());
  put("reel_rpc_appends_waiting", "Sessions that wait for a thread to append.", kGauge,
      figures.appends_waiting.load());
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectMetrics(const MetricsSources& of) {
  Families families;
  CollectStore(*of.store, &families);
  CollectVolumes(*of.store, &families);
  CollectSources(*of.cameras, of.clock->WallNow(), &families);
  CollectGaps(*of.cameras, &families);
  CollectRpc(*of.rpc, &families);
  return families;
}

}  // namespace reel::server
