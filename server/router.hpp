#pragma once

#include <cstdint>
#include <string_view>

#include "arena/arena.hpp"
#include "server/http_request.hpp"

namespace logboom::server {

enum class Endpoint : std::uint8_t { plain_log, greeting, healthz, readyz, stats, metrics };

// Who may use an endpoint while no authentication is configured.
enum class Access : std::uint8_t {
  anyone,
  loopback  // peers on this machine that also name it in Host, so that no web page can read it
};

struct Route {
  std::string_view path;
  bool ingest;  // answers POST and PUT; otherwise GET and HEAD
  Endpoint endpoint;
  Access access;
};

// What the table says of a path and method: a route, or the methods that the path does answer
// (empty: there is no such path).
struct Routing {
  const Route* route = nullptr;
  std::string_view allow;
};

// The path with runs of `/` collapsed and one trailing `/` dropped; copied only if that changes it.
[[nodiscard]] std::string_view normalise_path(std::string_view path, arena::Arena& arena);

[[nodiscard]] Routing find_route(std::string_view normalised_path, Method method) noexcept;

}  // namespace logboom::server
