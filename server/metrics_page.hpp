#pragma once

#include <string>

#include "server/measurements.hpp"

namespace logboom::server {

// Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
// docs/metrics.md is the reference; a test holds the two to each other.
[[nodiscard]] std::string write_metrics_page(const Measurements& measured);

}  // namespace logboom::server
