#include "config/print.hpp"

#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "config/keys.hpp"

namespace logboom::config {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end = text.find(separator); end != std::string_view::npos;
       end = text.find(separator)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.push_back(text);
  return parts;
}

std::string indent(std::size_t depth) {
  return std::string(depth * 2, ' ');
}

// Opens the sections on the way to a key that the key before did not stand in.
std::string open_sections(const std::vector<std::string_view>& names,
                          const std::vector<std::string_view>& before) {
  std::string out;
  bool same = true;
  for (std::size_t depth = 0; depth + 1 < names.size(); ++depth) {
    same = same && depth < before.size() && before[depth] == names[depth];
    if (!same) out += fmt::format("{}{}:\n", indent(depth), names[depth]);
  }
  return out;
}

// All keys in block style; `line(key, indentation, name)` writes each key.
template <class Line>
std::string print_tree(Line line) {
  std::string out;
  std::vector<std::string_view> before;
  for (const Key& key : keys()) {
    std::vector<std::string_view> names = split(key.path, '.');
    if (!before.empty() && before.front() != names.front()) out += '\n';
    out += open_sections(names, before);
    out += line(key, indent(names.size() - 1), names.back());
    before = std::move(names);
  }
  return out;
}

std::string example_key(const Key& key, const std::string& margin, std::string_view name) {
  std::string out;
  for (std::string_view comment : split(key.comment, '\n')) {
    out += fmt::format("{}# {}\n", margin, comment);
  }
  if (key.inert()) {
    return out + fmt::format(
                     "{0}# Nothing acts on it in this version: only the default is "
                     "allowed.\n{0}{1}: {2}\n",
                     margin, name, key.fallback);
  }
  out += fmt::format("{}# [{}; {}]\n", margin, key.codec.range,
                     key.change == Change::reload ? "reload" : "restart");
  return out + fmt::format("{}{}: {}\n", margin, name, key.fallback);
}

}  // namespace

std::string print_settings(const Settings& settings) {
  return print_tree([&](const Key& key, const std::string& margin, std::string_view name) {
    return fmt::format("{}{}: {}{}\n", margin, name, key.codec.print(settings),
                       key.inert() ? "  # without effect in this version" : "");
  });
}

std::string example_yaml() {
  constexpr std::string_view kHeader =
      "# yaml-language-server: $schema=logboom.schema.json\n"
      "# Logboom's configuration: every key with its default, what it does and [what it may be;\n"
      "# whether a reload (SIGHUP) or a restart puts a change into force].\n"
      "# Durations and sizes have a unit: 500us, 2s, 7d; 64KiB, 1GiB. `${NAME}`,\n"
      "# `${NAME:-default}` and `${file:PATH}` are replaced; `$$` is a dollar. On the command "
      "line\n"
      "# a key is its path: --set store.durability=write. `logboom check FILE` finds mistakes.\n"
      "# This file is made by `logboom config --example`.\n\n";
  return std::string{kHeader} + print_tree(example_key);
}

}  // namespace logboom::config
