#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace logboom::query {

// The OpenTelemetry short name of a severity number from 1 to 24; empty for others.
[[nodiscard]] constexpr std::string_view severity_name(std::int64_t number) noexcept {
  constexpr std::array<std::string_view, 6> kNames{"TRACE", "DEBUG", "INFO",
                                                   "WARN",  "ERROR", "FATAL"};
  if (number < 1 || number > 24) return {};
  return kNames[static_cast<std::size_t>(number - 1) / 4];
}

}  // namespace logboom::query
