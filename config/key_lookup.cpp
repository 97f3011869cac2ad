#include "config/expand.hpp"
#include "config/keys.hpp"
#include "config/listeners.hpp"
#include "config/suggest.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace logboom::config {
namespace {

// What follows `parent.` in a path; nothing if the path does not lie below it.
std::string_view below(std::string_view path, std::string_view parent) {
  if (parent.empty()) return path;
  bool inside =
      path.size() > parent.size() && path.starts_with(parent) && path[parent.size()] == '.';
  return inside ? path.substr(parent.size() + 1) : std::string_view{};
}

std::string_view last_name(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

// What stands before the last name, with its dot; empty for a name at the top.
std::string_view parent_prefix(std::string_view path) {
  return path.substr(0, path.rfind('.') + 1);
}

}  // namespace

const Key* find_key(std::string_view path) {
  auto found = std::ranges::find(keys(), path, &Key::path);
  return found == keys().end() ? nullptr : &*found;
}

bool is_section(std::string_view path) {
  return std::ranges::any_of(keys(),
                             [&](const Key& key) { return !below(key.path, path).empty(); });
}

std::vector<std::string> names_in(std::string_view section) {
  std::vector<std::string> names;
  for (const Key& key : keys()) {
    std::string_view rest = below(key.path, section);
    if (rest.empty()) continue;
    std::string name{rest.substr(0, rest.find('.'))};
    if (names.empty() || names.back() != name) names.push_back(std::move(name));
  }
  return names;
}

std::string suggest(std::string_view unknown_path) {
  std::string_view prefix = parent_prefix(unknown_path);
  std::string_view section = prefix.substr(0, prefix.empty() ? 0 : prefix.size() - 1);
  std::string sibling = closest(last_name(unknown_path), names_in(section));
  if (!sibling.empty()) return std::string{prefix} + sibling;
  std::vector<std::string> paths;
  for (const Key& key : keys()) {
    if (last_name(key.path) == last_name(unknown_path)) return std::string{key.path};
    paths.emplace_back(key.path);
  }
  return closest(unknown_path, paths);
}

std::string unknown_key(const std::string& suggestion) {
  if (suggestion.empty()) return "unknown key";
  return fmt::format("unknown key, did you mean {}?", suggestion);
}

std::string unsupported(std::string_view only) {
  return fmt::format("is not supported by this version; leave it out or at its default {}", only);
}

std::string set_value(const Key& key, std::string_view text, Settings& settings) {
  Expanded expanded = expand(text);
  if (!expanded.error.empty()) return expanded.error;
  Settings changed = settings;
  std::string wrong = key.codec.parse(changed, expanded.text);
  if (!wrong.empty()) return wrong;
  if (key.inert() && key.codec.print(changed) != key.codec.print(defaults())) {
    return unsupported(key.fallback);
  }
  settings = std::move(changed);
  return {};
}

Settings defaults() {
  Settings settings;
  for (const Key& key : keys()) {
    if (key.codec.shape == Codec::Shape::listeners) {
      settings.server.listen = default_listeners();
    } else {
      key.codec.parse(settings, key.fallback);
    }
  }
  return settings;
}

}  // namespace logboom::config
