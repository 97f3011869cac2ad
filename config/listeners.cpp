#include "config/listeners.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/units.hpp"

namespace logboom::config {

std::string named_twice(const std::vector<Listen>& before, const Listen& listen) {
  if (listen.port == 0 || std::ranges::find(before, listen) == before.end()) return {};
  return fmt::format("{} is named twice", format_address(listen));
}

std::vector<Listen> default_listeners() {
  return {{.host = "127.0.0.1", .port = 8080}};
}

std::string listeners_schema() {
  return R"("type": "array", "minItems": 1, "items": {"type": "object", )"
         R"("additionalProperties": false, "required": ["address"], "properties": {)"
         R"("address": {"type": "string", "pattern": ":[0-9]+$|\\$\\{"}, "tls": {"type": "null"}, )"
         R"("allow": {"type": "array", "items": {"enum": ["ingest", "read", "admin"]}, )"
         R"("minItems": 3, "uniqueItems": true}, "ack": {"const": "store"}}})";
}

std::string parse_listeners(Settings& settings, std::string_view text) {
  std::vector<Listen> listeners;
  while (true) {
    std::size_t comma = text.find(',');
    auto listen = parse_address(text.substr(0, comma));
    if (!listen) return listen.error();
    if (std::string twice = named_twice(listeners, *listen); !twice.empty()) return twice;
    listeners.push_back(*std::move(listen));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  settings.server.listen = std::move(listeners);
  return {};
}

std::string print_listeners(const Settings& settings) {
  std::string result;
  for (const Listen& listen : settings.server.listen) {
    result +=
        fmt::format(R"({}{{address: "{}", tls: null, allow: [ingest, read, admin], ack: store}})",
                    result.empty() ? "[" : ", ", format_address(listen));
  }
  return result + "]";
}

}  // namespace logboom::config
