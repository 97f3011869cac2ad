#pragma once

#include <string>

#include "server/measurements.hpp"

namespace logboom::server {

// The same facts as the metrics page's, as one JSON object for a person with curl and jq.
[[nodiscard]] std::string write_stats_page(const Measurements& measured);

}  // namespace logboom::server
