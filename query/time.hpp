#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace logboom::query {

// A value, or one sentence saying what is wrong with what the user wrote.
template <class T>
using Result = boost::system::result<T, std::string>;

// Nanoseconds since the Unix epoch, UTC. A time outside 1677 to 2262 does not fit and is none.
// Reads `2026-01-02T03:04:05.678Z`: any fraction, or none, `Z` or an offset or, meaning UTC,
// nothing; a space may stand for the T, and seconds or the whole time of day may be absent.
[[nodiscard]] std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept;

// What --since and --until take: a timestamp as above, `now`, a time ago as `15m` or `7d`, or Unix
// seconds, also with a fraction. `now_ns` is the clock that ages count from.
[[nodiscard]] Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ns);

}  // namespace logboom::query
