#include "config/load.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "config/conflicts.hpp"
#include "config/document.hpp"
#include "config/keys.hpp"

namespace logboom::config {
namespace {

void read_yaml(const std::string& yaml, std::string_view file, Loaded& loaded, Places& places) {
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(yaml);
    if (documents.size() > 1) {
      loaded.errors.push_back(fmt::format("{}:{}:{}: expected one YAML document, not {}", file,
                                          documents[1].Mark().line + 1,
                                          documents[1].Mark().column + 1, documents.size()));
    }
    if (documents.empty()) return;
    DocumentReader{file, loaded.settings, loaded.errors, places}.read(documents.front());
  } catch (const YAML::Exception& error) {
    loaded.errors.push_back(
        fmt::format("{}:{}:{}: {}", file, error.mark.line + 1, error.mark.column + 1, error.msg));
  }
}

// What is wrong with an override, or nothing.
std::string apply(std::string_view path, std::string_view value, Settings& settings) {
  const Key* key = find_key(path);
  if (key == nullptr && is_section(path)) {
    return fmt::format("is a section; set one of its keys, such as {}.{}", path,
                       names_in(path).front());
  }
  if (key == nullptr) return unknown_key(suggest(path));
  return set_value(*key, value, settings);
}

void read_overrides(std::span<const std::string> overrides, Loaded& loaded, Places& places) {
  for (std::string_view override : overrides) {
    std::size_t equals = override.find('=');
    std::string_view path = override.substr(0, equals);
    std::string wrong = equals == std::string_view::npos
                            ? "expected key=value, such as store.durability=write"
                            : apply(path, override.substr(equals + 1), loaded.settings);
    if (const Key* key = find_key(path)) places[key->path] = wrong.empty() ? "--set" : "";
    if (!wrong.empty()) loaded.errors.push_back(fmt::format("--set {}: {}", path, wrong));
  }
}

// What keys do to each other, at the place of the one that was set. What is wrong by itself has
// been named already.
void read_conflicts(const Places& places, Loaded& loaded) {
  for (const Conflict& conflict : conflicts(loaded.settings)) {
    const auto key = places.find(conflict.key);
    const auto other = places.find(conflict.other);
    const auto is_wrong = [&](auto place) {
      return place != places.end() && place->second.empty();
    };
    if (is_wrong(key) || is_wrong(other)) continue;
    const std::string& place = key != places.end() ? key->second : other->second;
    loaded.errors.push_back(fmt::format("{}{} {}: {}", place, place == "--set" ? "" : ":",
                                        conflict.key, conflict.message));
  }
}

}  // namespace

Loaded load_text(const std::string& yaml, std::string_view name,
                 std::span<const std::string> overrides) {
  Loaded loaded{.settings = defaults(), .errors = {}};
  Places places;
  read_yaml(yaml, name, loaded, places);
  read_overrides(overrides, loaded, places);
  read_conflicts(places, loaded);
  return loaded;
}

Loaded load(const std::string& path, std::span<const std::string> overrides) {
  if (path.empty()) return load_text("", "", overrides);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string yaml;
  std::array<char, 4096> block;
  while (file) {
    file.read(block.data(), block.size());  // sets badbit, and throws nothing, on an error
    yaml.append(block.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.is_open() && !file.bad()) return load_text(yaml, path, overrides);
  int reason = errno == 0 ? EIO : errno;
  Loaded loaded = load_text("", path, overrides);
  loaded.errors.insert(loaded.errors.begin(),
                       fmt::format("{}: cannot read: {}", path, std::strerror(reason)));
  return loaded;
}

}  // namespace logboom::config
