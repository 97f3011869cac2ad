#pragma once

#include <cstdint>
#include <string_view>

namespace logboom::record {

// The numbers of the OpenTelemetry log data model; each range of four has its lowest named.
inline constexpr std::uint8_t kSeverityAbsent = 0;
inline constexpr std::uint8_t kSeverityMax = 24;

// Which scale a sender's number is on.
enum class SeverityScale : std::uint8_t {
  logger,         // 10, 20, .. 60 of pino and bunyan
  logger_syslog,  // those, or 0 to 7 of syslog, which do not collide
  open_telemetry  // 1 to 24
};

// The number of a sender's word, whatever its case, or kSeverityAbsent: "warn" and "Warning" are
// 13. The short names of the data model, "TRACE" to "FATAL4", are words too, and so are the
// decimal numbers of the scale.
[[nodiscard]] std::uint8_t severity_from_word(std::string_view word, SeverityScale scale) noexcept;

// The number of a sender's decimal digits on a scale, or kSeverityAbsent.
[[nodiscard]] std::uint8_t severity_from_digits(std::string_view digits,
                                                SeverityScale scale) noexcept;

// The short name of the data model for 1 to 24, such as "ERROR2"; empty for others.
[[nodiscard]] std::string_view severity_name(std::uint8_t number) noexcept;

}  // namespace logboom::record
