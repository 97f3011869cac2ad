#include "config/listeners.hpp"

#include <utility>

#include <fmt/format.h>

#include "config/units.hpp"

namespace logboom::config {

std::vector<Listen> default_listeners() {
  return {{.host = "127.0.0.1", .port = 8080}};
}

std::string parse_listeners(Settings& settings, std::string_view text) {
  std::vector<Listen> listeners;
  while (true) {
    std::size_t comma = text.find(',');
    auto listen = parse_address(text.substr(0, comma));
    if (!listen) return listen.error();
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
