#pragma once

#include <cstddef>

#include "arena/arena_pool.hpp"
#include "config/settings.hpp"
#include "server/options.hpp"

namespace logboom::config {

// The settings in the form each module takes them. What only the server knows, such as the number
// of producers or where the store reports to, keeps its default. Times are rounded up to the unit
// the module counts in. A server `takes_over` if it has been handed the sockets of another.
[[nodiscard]] store::Options store_options(const Settings& settings, bool takes_over = false);
[[nodiscard]] handlers::RecordLimits record_limits(const Settings& settings);
[[nodiscard]] store::Limits store_limits(const Settings& settings);
[[nodiscard]] server::Options server_options(const Settings& settings);
[[nodiscard]] server::Settings server_settings(const Settings& settings);
[[nodiscard]] arena::ArenaPoolOptions pool_options(const Settings& settings, std::size_t threads);

}  // namespace logboom::config
