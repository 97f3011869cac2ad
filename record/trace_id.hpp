#pragma once

#include <cstddef>
#include <string_view>

namespace logboom::record {

inline constexpr std::size_t kTraceIdDigits = 32;
inline constexpr std::size_t kSpanIdDigits = 16;

// How a sender writes an id.
enum class IdForm : char {
  hexadecimal,  // 32 or 16 digits of either case; a trace also as a UUID, or as 16 digits
  decimal       // an unsigned 64-bit number, as Datadog's libraries log it
};

// Normalises a trace id to 32 lower-case hex digits. Returns `text` itself if it is already so,
// else a view of `room`, which has kTraceIdDigits bytes; empty if `text` is no id or all zero.
[[nodiscard]] std::string_view normalise_trace_id(std::string_view text, IdForm form,
                                                  char* room) noexcept;

// The same for a span id of 16 digits; `room` has kSpanIdDigits bytes.
[[nodiscard]] std::string_view normalise_span_id(std::string_view text, IdForm form,
                                                 char* room) noexcept;

}  // namespace logboom::record
