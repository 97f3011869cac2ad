#include "config/units.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace logboom::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Ascending: formatting takes the last that divides. Factors are nanoseconds.
constexpr std::array<Unit, 7> kDurationUnits{{{"ns", 1},
                                              {"us", 1'000},
                                              {"ms", 1'000'000},
                                              {"s", 1'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"h", 3'600'000'000'000},
                                              {"d", 86'400'000'000'000}}};
constexpr std::array<Unit, 5> kBinaryUnits{
    {{"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}, {"TiB", 1ULL << 40}}};
constexpr std::array<Unit, 4> kDecimalUnits{
    {{"kB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}, {"TB", 1'000'000'000'000}}};

constexpr std::uint64_t kValueMax = std::numeric_limits<std::int64_t>::max();

// The digits at the front as a number, and what follows them; no number if there are no digits.
// A number that is too large comes back as the largest, so that range checks refuse it.
std::pair<std::optional<std::uint64_t>, std::string_view> split_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc::invalid_argument) return {std::nullopt, text};
  if (error == std::errc::result_out_of_range) number = kValueMax;
  return {number, {rest, static_cast<std::size_t>(end - rest)}};
}

template <std::size_t N>
std::optional<std::uint64_t> factor_of(std::string_view name, const std::array<Unit, N>& units) {
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.factor;
  }
  return std::nullopt;
}

// The product, or the largest value where it does not fit.
std::uint64_t scale(std::uint64_t number, std::uint64_t factor) {
  return number > kValueMax / factor ? kValueMax : number * factor;
}

template <std::size_t N>
std::string format_units(std::uint64_t value, const std::array<Unit, N>& units) {
  const Unit* best = &units[0];
  for (const Unit& unit : units) {
    if (value % unit.factor == 0) best = &unit;
  }
  return fmt::format("{}{}", value / best->factor, best->name);
}

bool is_numeric_host(const std::string& host, int family) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(family, host.c_str(), address.data()) == 1;
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  auto [number, unit] = split_number(text);
  if (number == 0U && unit.empty()) return std::chrono::nanoseconds{0};
  auto factor = factor_of(unit, kDurationUnits);
  if (!number || !factor) {
    return fmt::format("expected a duration with a unit (us, ms, s, m, h, d), such as 2s, not `{}`",
                       text);
  }
  return std::chrono::nanoseconds{static_cast<std::int64_t>(scale(*number, *factor))};
}

Result<std::uint64_t> parse_size(std::string_view text) {
  auto [number, unit] = split_number(text);
  if (number == 0U && unit.empty()) return std::uint64_t{0};
  auto factor = factor_of(unit, kBinaryUnits);
  if (!factor) factor = factor_of(unit, kDecimalUnits);
  if (!number || !factor) {
    return fmt::format(
        "expected a size with a unit (B, KiB, MiB, GiB, TiB), such as 64MiB, not `{}`", text);
  }
  return scale(*number, *factor);
}

Result<SizeOrPercent> parse_size_or_percent(std::string_view text) {
  auto [number, unit] = split_number(text);
  if (number && unit == "%") {
    if (*number == 0 || *number > 100) {
      return fmt::format("{} is out of range: 1% to 100%, or a size", text);
    }
    return SizeOrPercent{.bytes = 0, .percent = static_cast<unsigned>(*number)};
  }
  auto size = parse_size(text);
  if (!size) {
    return fmt::format("expected a size or a share, such as 64GiB or 80%, not `{}`", text);
  }
  return SizeOrPercent{.bytes = *size, .percent = 0};
}

Result<std::uint64_t> parse_count(std::string_view text) {
  auto [number, rest] = split_number(text);
  if (!number || !rest.empty()) {
    return fmt::format("expected a whole number, such as 4, not `{}`", text);
  }
  return *number;
}

Result<Listen> parse_address(std::string_view text) {
  // Listen could be made from a string too, so the kind of result is named.
  auto wrong = [](std::string message) {
    return Result<Listen>{boost::system::in_place_error, std::move(message)};
  };
  auto unexpected = [&] {
    return wrong(
        fmt::format("expected ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080, not `{}`", text));
  };
  std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return unexpected();
  auto [port, rest] = split_number(text.substr(colon + 1));
  if (!port || !rest.empty()) return unexpected();
  if (*port > 65535) return wrong(fmt::format("port {} is out of range: 0 to 65535", *port));
  std::string host{text.substr(0, colon)};
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (!is_numeric_host(host, bracketed ? AF_INET6 : AF_INET)) return unexpected();
  return Listen{.host = std::move(host), .port = static_cast<std::uint16_t>(*port)};
}

std::string format_duration(std::chrono::nanoseconds value) {
  if (value.count() == 0) return "0s";
  return format_units(static_cast<std::uint64_t>(value.count()), kDurationUnits);
}

std::string format_size(std::uint64_t bytes) {
  return bytes == 0 ? "0" : format_units(bytes, kBinaryUnits);
}

std::string format_address(const Listen& listen) {
  bool v6 = listen.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", listen.host, v6 ? "]" : "", listen.port);
}

}  // namespace logboom::config
