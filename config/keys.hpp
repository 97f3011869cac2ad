#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

namespace logboom::config {

// How the text of a key's value becomes a setting and back.
struct Codec {
  enum class Shape : std::uint8_t {
    scalar,      // one word or number
    listeners,   // a list of {address, tls, allow, ack}; as text, addresses with commas between
    empty_list,  // only `[]`: nothing acts on its elements in this version
    empty_map,   // only `{}`, likewise
  };

  Shape shape = Shape::scalar;
  std::string range;   // what is allowed, for people
  std::string schema;  // what is allowed, as the members of a JSON Schema
  // Sets the value; returns a sentence saying what is wrong with it, or nothing.
  std::function<std::string(Settings&, std::string_view)> parse;
  // The value as YAML that parses to the same value.
  std::function<std::string(const Settings&)> print;
  // Makes the setting in `to` what it is in `from`.
  std::function<void(const Settings& from, Settings& to)> copy;
};

// What it takes for a changed key to act on a server that runs.
enum class Change : std::uint8_t {
  restart,
  reload,  // SIGHUP
  inert,   // nothing acts on it in this version: only the default is allowed
};

// One key of the configuration. The table of these is the only place that knows a key's default,
// range, unit and effect: parsing, --set, reloading, the example file, the JSON Schema, the
// reference page and the printed configuration read it.
struct Key {
  std::string_view path;      // `store.segment.max_age`: sections and name, as --set takes it
  std::string_view fallback;  // the default, as the example file writes it
  std::string_view comment;   // unit and effect; lines separated by '\n'
  Codec codec;
  Change change = Change::restart;

  [[nodiscard]] bool inert() const noexcept { return change == Change::inert; }
};

// All keys; those of a section stand together.
[[nodiscard]] std::span<const Key> keys();
[[nodiscard]] const Key* find_key(std::string_view path);
// Whether some key lies under `path`, as `store.segment.max_age` does under `store.segment`.
[[nodiscard]] bool is_section(std::string_view path);
// The keys and sections directly in a section; the whole file is the section "".
[[nodiscard]] std::vector<std::string> names_in(std::string_view section);
// The path a user most likely meant by an unknown one, or an empty string.
[[nodiscard]] std::string suggest(std::string_view unknown_path);

// The sentences for an unknown key, and for a key that has to keep its default.
[[nodiscard]] std::string unknown_key(const std::string& suggestion);
[[nodiscard]] std::string unsupported(std::string_view only);

// Expands references in `text` and sets the key to it. On an error, which it returns as a
// sentence, the settings are unchanged.
[[nodiscard]] std::string set_value(const Key& key, std::string_view text, Settings& settings);

}  // namespace logboom::config
