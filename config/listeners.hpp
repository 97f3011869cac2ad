#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

namespace logboom::config {

inline constexpr std::string_view kDefaultListeners =
    R"([{address: "127.0.0.1:8080", tls: null, allow: [ingest, read, admin], ack: store}])";

// The members of a JSON Schema that says what `server.listen` may be.
[[nodiscard]] std::string listeners_schema();

// What kDefaultListeners says.
[[nodiscard]] std::vector<Listen> default_listeners();

// What is wrong with listening on this address besides those before it, or nothing.
[[nodiscard]] std::string named_twice(const std::vector<Listen>& before, const Listen& listen);

// `server.listen` as --set takes it: addresses with commas between, at least one.
[[nodiscard]] std::string parse_listeners(Settings& settings, std::string_view text);
// `server.listen` as YAML.
[[nodiscard]] std::string print_listeners(const Settings& settings);

}  // namespace logboom::config
