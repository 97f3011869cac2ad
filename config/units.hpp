#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "config/settings.hpp"

namespace logboom::config {

// A value, or one sentence saying what was expected instead.
template <class T>
using Result = boost::system::result<T, std::string>;

// A whole number with one of us, ms, s, m, h, d; `0` alone is zero.
[[nodiscard]] Result<std::chrono::nanoseconds> parse_duration(std::string_view text);
// A whole number with one of B, KiB, MiB, GiB, TiB, kB, MB, GB, TB; `0` alone is zero.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);
// A size, or `1%` to `100%`.
[[nodiscard]] Result<SizeOrPercent> parse_size_or_percent(std::string_view text);
// A whole number without sign or unit.
[[nodiscard]] Result<std::uint64_t> parse_count(std::string_view text);
// `A.B.C.D:PORT`, `[IPv6]:PORT` or `localhost:PORT`, which is 127.0.0.1.
[[nodiscard]] Result<Listen> parse_address(std::string_view text);

// In the largest unit that divides it, so that parsing gives the same value back.
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds value);
[[nodiscard]] std::string format_size(std::uint64_t bytes);
[[nodiscard]] std::string format_address(const Listen& listen);

}  // namespace logboom::config
