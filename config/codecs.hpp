#pragma once

#include <array>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

#include "config/expand.hpp"
#include "config/keys.hpp"
#include "config/units.hpp"

// The codecs of the table of keys. `access` is a function object that takes a Settings, const or
// not, and gives a reference to the field.
namespace logboom::config::codecs {

using std::chrono::nanoseconds;

// Stores a parsed value that lies in [min, max], or says why not.
template <class T, class Format>
std::string store_in_range(T& field, const Result<T>& value, T min, T max, Format format) {
  if (!value) return value.error();
  if (*value < min || *value > max) {
    return fmt::format("{} is out of range: {} to {}", format(*value), format(min), format(max));
  }
  field = *value;
  return {};
}

// The copy function of a key whose setting is one field.
template <class Access>
auto copy_field(Access access) {
  return [=](const Settings& from, Settings& to) { access(to) = access(from); };
}

inline std::string format_count(std::uint64_t value) {
  return fmt::to_string(value);
}

template <class Access>
Codec count(Access access, std::uint64_t min, std::uint64_t max) {
  return {.range = fmt::format("{} to {}", min, max),
          .schema = fmt::format(R"("anyOf": [{{"type": "integer", "minimum": {}, "maximum": {}}}, )"
                                R"({{"$ref": "#/$defs/reference"}}])",
                                min, max),
          .parse =
              [=](Settings& settings, std::string_view text) {
                return store_in_range(access(settings), parse_count(text), min, max, format_count);
              },
          .print = [=](const Settings& settings) { return format_count(access(settings)); },
          .copy = copy_field(access)};
}

template <class Access>
Codec size(Access access, std::uint64_t min, std::uint64_t max) {
  return {.range = fmt::format("{} to {}", format_size(min), format_size(max)),
          .schema = R"("$ref": "#/$defs/size")",
          .parse =
              [=](Settings& settings, std::string_view text) {
                return store_in_range(access(settings), parse_size(text), min, max, format_size);
              },
          .print = [=](const Settings& settings) { return format_size(access(settings)); },
          .copy = copy_field(access)};
}

template <class Access>
Codec size_or_percent(Access access) {
  return {.range = "a size, or 1% to 100%",
          .schema = R"("anyOf": [{"$ref": "#/$defs/size"}, )"
                    R"({"type": "string", "pattern": "^([1-9][0-9]?|100)%$"}])",
          .parse = [=](Settings& settings, std::string_view text) -> std::string {
            auto value = parse_size_or_percent(text);
            if (!value) return value.error();
            access(settings) = *value;
            return {};
          },
          .print =
              [=](const Settings& settings) {
                const SizeOrPercent& value = access(settings);
                return value.percent != 0 ? fmt::format("{}%", value.percent)
                                          : format_size(value.bytes);
              },
          .copy = copy_field(access)};
}

template <class Access>
Codec duration(Access access, nanoseconds min, nanoseconds max) {
  return {.range = fmt::format("{} to {}", format_duration(min), format_duration(max)),
          .schema = R"("$ref": "#/$defs/duration")",
          .parse =
              [=](Settings& settings, std::string_view text) {
                return store_in_range(access(settings), parse_duration(text), min, max,
                                      format_duration);
              },
          .print = [=](const Settings& settings) { return format_duration(access(settings)); },
          .copy = copy_field(access)};
}

// A value of T, or `auto`, which is no value. `parse` and `format` are those of T.
template <class T, class Access, class Parse, class Format>
Codec value_or_auto(Access access, T min, T max, Parse parse, Format format) {
  constexpr std::string_view kDefinition = std::is_same_v<T, nanoseconds> ? "duration" : "size";
  return {.range = fmt::format("auto, or {} to {}", format(min), format(max)),
          .schema = fmt::format(R"("anyOf": [{{"const": "auto"}}, {{"$ref": "#/$defs/{}"}}])",
                                kDefinition),
          .parse = [=](Settings& settings, std::string_view text) -> std::string {
            access(settings).reset();
            if (text == "auto") return {};
            T value{};
            std::string error = store_in_range(value, parse(text), min, max, format);
            if (error.empty()) access(settings) = value;
            return error;
          },
          .print =
              [=](const Settings& settings) {
                const auto& value = access(settings);
                return value ? format(*value) : std::string{"auto"};
              },
          .copy = copy_field(access)};
}

template <class Access>
Codec size_or_auto(Access access, std::uint64_t min, std::uint64_t max) {
  return value_or_auto(access, min, max, parse_size, format_size);
}

template <class Access>
Codec duration_or_auto(Access access, nanoseconds min, nanoseconds max) {
  return value_or_auto(access, min, max, parse_duration, format_duration);
}

template <std::size_t N>
std::string schema_of_choice(const std::array<std::string_view, N>& names) {
  return fmt::format(R"("anyOf": [{{"enum": ["{}"]}}, {{"$ref": "#/$defs/reference"}}])",
                     fmt::join(names, R"(", ")"));
}

// One of the names; the first stands for the enumerator 0, and so on.
template <class Access, std::size_t N>
Codec choice(Access access, const std::array<std::string_view, N>& names) {
  return {.range = fmt::format("{}", fmt::join(names, " | ")),
          .schema = schema_of_choice(names),
          .parse = [=](Settings& settings, std::string_view text) -> std::string {
            for (std::size_t i = 0; i < N; ++i) {
              if (text != names[i]) continue;
              access(settings) = static_cast<std::decay_t<decltype(access(settings))>>(i);
              return {};
            }
            return fmt::format("expected one of {}, not `{}`", fmt::join(names, ", "), text);
          },
          .print =
              [=](const Settings& settings) {
                return std::string{names[static_cast<std::size_t>(access(settings))]};
              },
          .copy = copy_field(access)};
}

template <class Access>
Codec flag(Access access) {
  Codec codec = choice(access, std::array<std::string_view, 2>{"false", "true"});
  codec.schema = R"("anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/reference"}])";
  return codec;
}

// A double-quoted YAML scalar that parses to `text`.
inline std::string quote(std::string_view text) {
  std::string result = "\"";
  for (char c : escape_dollars(text)) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

// A path, kept as written.
template <class Access>
Codec path(Access access) {
  return {.range = "a path",
          .schema = R"("type": "string", "minLength": 1)",
          .parse = [=](Settings& settings, std::string_view text) -> std::string {
            if (text.empty()) return "expected a path, such as /var/lib/logboom, not nothing";
            access(settings) = std::string{text};
            return {};
          },
          .print = [=](const Settings& settings) { return quote(access(settings)); },
          .copy = copy_field(access)};
}

}  // namespace logboom::config::codecs
