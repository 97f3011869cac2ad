#include "server/router.hpp"

#include <array>

namespace logboom::server {
namespace {

constexpr std::array<Route, 8> kRoutes{{
    {"/log", true, Endpoint::plain_log, Access::anyone},
    {"/logs", true, Endpoint::plain_log, Access::anyone},
    {"/", true, Endpoint::plain_log, Access::anyone},
    {"/", false, Endpoint::greeting, Access::anyone},
    {"/healthz", false, Endpoint::healthz, Access::anyone},
    {"/readyz", false, Endpoint::readyz, Access::anyone},
    {"/stats", false, Endpoint::stats, Access::loopback},
    {"/metrics", false, Endpoint::metrics, Access::loopback},
}};

bool answers(const Route& route, Method method) {
  if (route.ingest) return method == Method::post || method == Method::put;
  return method == Method::get || method == Method::head;
}

std::string_view allowed_methods(bool ingest, bool read) {
  if (ingest && read) return "GET, HEAD, POST, PUT, OPTIONS";
  if (ingest) return "POST, PUT, OPTIONS";
  return read ? "GET, HEAD, OPTIONS" : "";
}

}  // namespace

std::string_view normalise_path(std::string_view path, arena::Arena& arena) {
  const bool trailing = path.size() > 1 && path.back() == '/';
  if (!trailing && path.find("//") == path.npos) return path;
  char* const begin = arena.create_span_uninitialized<char>(path.size()).data();
  std::size_t size = 0;
  for (char c : path) {
    if (c == '/' && size > 0 && begin[size - 1] == '/') continue;
    begin[size++] = c;
  }
  if (size > 1 && begin[size - 1] == '/') --size;
  return {begin, size};
}

Routing find_route(std::string_view normalised_path, Method method) noexcept {
  // `OPTIONS *` asks for the server as a whole.
  const bool whole_server = normalised_path == "*" && method == Method::options;
  bool ingest = whole_server;
  bool read = whole_server;
  for (const Route& route : kRoutes) {
    if (route.path != normalised_path) continue;
    if (answers(route, method)) return {&route, {}};
    (route.ingest ? ingest : read) = true;
  }
  return {nullptr, allowed_methods(ingest, read)};
}

}  // namespace logboom::server
