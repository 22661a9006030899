// What the metrics are: read from the parts, put in the library's form.
//
// Thread rule: any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "server/daemon/metrics.h"

namespace reel::server {

std::vector<prometheus::MetricFamily> CollectMetrics(const MetricsSources& of);

}  // namespace reel::server
