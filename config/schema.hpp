#pragma once

#include <string>

namespace logboom::config {

// config/logboom.schema.json: the table of keys as a JSON Schema (2020-12), with which editors
// complete and check a configuration. What it cannot say, such as ranges of sizes and durations,
// `logboom check` says.
[[nodiscard]] std::string json_schema();

}  // namespace logboom::config
