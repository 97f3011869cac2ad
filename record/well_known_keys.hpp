#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logboom::record {

// The fields of a record that plain JSON's well-known keys fill.
enum class Target : std::uint8_t {
  time,
  body,
  severity,
  severity_number,
  service,
  host,
  trace_id,
  span_id,
  origin,  // `_seq` and `_src`, which only lines of Logboom itself have
  parent   // no field, but objects under this key may hold one: {"event":{"created":..}}
};

inline constexpr std::size_t kFieldTargets = 8;  // those before `origin`

// How the value under a key is to be read, where that differs from others of its target.
enum class KeyForm : std::uint8_t {
  plain,
  microseconds,
  nanoseconds,
  syslog,       // a severity of 0 to 7
  decimal,      // a trace or span id as a decimal number
  after_slash,  // the id follows the last slash
  weak          // says little: mapped, but also kept as an attribute
};

struct WellKnownKey {
  std::string_view name;
  Target target;
  KeyForm form = KeyForm::plain;
  bool parent = false;  // an object here may hold further well-known keys
};

// A key found, and how good it is: of several keys of one target the lowest rank wins.
struct KeyMatch {
  const WellKnownKey* key = nullptr;
  std::uint16_t rank = 0;

  [[nodiscard]] explicit operator bool() const noexcept { return key != nullptr; }
};

// Longer keys are not well known.
inline constexpr std::size_t kWellKnownBytesMax = 29;

// Looks a key up by its meaning, that is without quotes and escapes; nested keys with dots
// between. A key that differs only in case ranks behind all exact ones. Thread-safe, no state.
[[nodiscard]] KeyMatch find_well_known(std::string_view key) noexcept;

// The key that a match's rank belongs to.
[[nodiscard]] const WellKnownKey& well_known_key(std::uint16_t rank) noexcept;

}  // namespace logboom::record
