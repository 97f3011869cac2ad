#pragma once

#include <string_view>

#include "arena/arena.hpp"
#include "server/reply.hpp"

namespace logboom::server {

// What `GET /` of Elasticsearch answers and its clients look for before they send anything: the
// product's name in a header and its tagline. The version is the client's own if `user_agent` tells
// it, for Beats refuse a server that is older than they are.
[[nodiscard]] Reply elastic_banner(std::string_view user_agent, arena::Arena& arena);

}  // namespace logboom::server
