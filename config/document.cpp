#include "config/document.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "config/expand.hpp"
#include "config/keys.hpp"
#include "config/listeners.hpp"
#include "config/suggest.hpp"
#include "config/units.hpp"

namespace logboom::config {
namespace {

std::string_view kind_of(const YAML::Node& node) {
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  if (node.IsScalar()) return "a single value";
  return "nothing";
}

}  // namespace

std::string DocumentReader::place_of(const YAML::Node& node) const {
  YAML::Mark mark = node.Mark();
  return fmt::format("{}:{}:{}", file_, mark.line + 1, mark.column + 1);
}

void DocumentReader::error(const YAML::Node& node, std::string_view path,
                           std::string_view message) {
  errors_.push_back(
      fmt::format("{}: {}{}{}", place_of(node), path, path.empty() ? "" : ": ", message));
}

template <class Visit>
void DocumentReader::each_member(const YAML::Node& node, const std::string& path, Visit visit) {
  std::map<std::string, int> line_of;
  for (const auto& pair : node) {
    const YAML::Node& name = pair.first;
    if (!name.IsScalar()) {
      error(name, path, "expected a key, which is a plain word");
      continue;
    }
    std::string full = path.empty() ? name.Scalar() : path + "." + name.Scalar();
    auto [first, fresh] = line_of.emplace(name.Scalar(), name.Mark().line + 1);
    if (fresh) {
      visit(pair.second, name, full);
    } else {
      error(name, full, fmt::format("duplicate key, already in line {}", first->second));
    }
  }
}

void DocumentReader::section(const YAML::Node& node, const std::string& path) {
  if (node.IsNull()) return;
  if (!node.IsMap()) {
    std::string expected = path.empty() ? "expected sections, such as `store:`"
                                        : fmt::format("expected a map of keys, such as {}",
                                                      names_in(path).front() + ": ...");
    error(node, path, fmt::format("{}, not {}", expected, kind_of(node)));
    return;
  }
  each_member(node, path,
              [this](const YAML::Node& value, const YAML::Node& name, const std::string& full) {
                member(value, name, full);
              });
}

void DocumentReader::member(const YAML::Node& node, const YAML::Node& name,
                            const std::string& path) {
  bool dotted = name.Scalar().find('.') != std::string::npos;
  const Key* key = dotted ? nullptr : find_key(path);
  if (key == nullptr && !dotted && is_section(path)) return section(node, path);
  if (key == nullptr && dotted && find_key(path) != nullptr) {
    return error(name, path, "is the form for --set; in a file the key stands inside its section");
  }
  if (key == nullptr) return error(name, path, unknown_key(suggest(path)));
  const YAML::Node& at = node.IsNull() ? name : node;  // a missing value has no position
  switch (key->codec.shape) {
    case Codec::Shape::scalar: return scalar(node, at, *key);
    case Codec::Shape::listeners: return listeners(node, at);
    case Codec::Shape::empty_list:
    case Codec::Shape::empty_map: return empty_collection(node, *key);
  }
}

void DocumentReader::scalar(const YAML::Node& node, const YAML::Node& at, const Key& key) {
  places_[key.path] = {};
  if (!node.IsScalar()) {
    return error(at, key.path,
                 fmt::format("expected a single value ({}), such as {}, not {}", key.codec.range,
                             key.fallback, kind_of(node)));
  }
  std::string wrong = set_value(key, node.Scalar(), settings_);
  if (!wrong.empty()) return error(node, key.path, wrong);
  places_[key.path] = place_of(node);
}

void DocumentReader::empty_collection(const YAML::Node& node, const Key& key) {
  bool list = key.codec.shape == Codec::Shape::empty_list;
  if (node.IsNull()) return;
  if (list ? !node.IsSequence() : !node.IsMap()) {
    return error(node, key.path,
                 fmt::format("expected {}, such as {}, not {}", list ? "a list" : "a map",
                             key.fallback, kind_of(node)));
  }
  if (node.size() > 0) error(node, key.path, unsupported(key.fallback));
}

void DocumentReader::listeners(const YAML::Node& node, const YAML::Node& at) {
  constexpr std::string_view kPath = "server.listen";
  if (!node.IsSequence() || node.size() == 0) {
    return error(at, kPath,
                 fmt::format("expected a list, such as [{{address: \"127.0.0.1:8080\"}}], not {}",
                             node.IsSequence() ? "an empty one" : kind_of(node)));
  }
  settings_.server.listen.clear();
  for (std::size_t i = 0; i < node.size(); ++i) listener(node[i], fmt::format("{}[{}]", kPath, i));
}

void DocumentReader::listener(const YAML::Node& node, const std::string& path) {
  if (!node.IsMap()) {
    return error(node, path,
                 fmt::format("expected a map, such as {{address: \"127.0.0.1:8080\"}}, "
                             "not {}",
                             kind_of(node)));
  }
  static const std::array<std::string, 4> names{"address", "tls", "allow", "ack"};
  bool has_address = false;
  each_member(node, path,
              [&](const YAML::Node& value, const YAML::Node& name, const std::string& full) {
                has_address = has_address || name.Scalar() == names[0];
                if (std::ranges::find(names, name.Scalar()) == names.end()) {
                  return error(name, full, unknown_key(closest(name.Scalar(), names)));
                }
                listener_member(value, full, name.Scalar());
              });
  if (!has_address) error(node, path, "has no address, such as address: \"127.0.0.1:8080\"");
}

void DocumentReader::listener_member(const YAML::Node& node, const std::string& path,
                                     std::string_view name) {
  if (name == "address") return address(node, path);
  if (name == "allow") return allow(node, path);
  std::string_view only = name == "tls" ? "null" : "store";
  bool is_default = name == "tls" ? node.IsNull() : node.IsScalar() && node.Scalar() == only;
  if (!is_default) error(node, path, unsupported(only));
}

void DocumentReader::address(const YAML::Node& node, const std::string& path) {
  if (!node.IsScalar()) {
    return error(
        node, path,
        fmt::format("expected ADDRESS:PORT, such as 127.0.0.1:8080, not {}", kind_of(node)));
  }
  Expanded expanded = expand(node.Scalar());
  if (!expanded.error.empty()) return error(node, path, expanded.error);
  auto parsed = parse_address(expanded.text);
  if (!parsed) return error(node, path, parsed.error());
  std::string twice = named_twice(settings_.server.listen, *parsed);
  if (!twice.empty()) return error(node, path, twice);
  settings_.server.listen.push_back(*std::move(parsed));
}

void DocumentReader::allow(const YAML::Node& node, const std::string& path) {
  constexpr std::array<std::string_view, 3> kRoles{"ingest", "read", "admin"};
  constexpr std::string_view kAll = "[ingest, read, admin]";
  if (!node.IsSequence()) {
    return error(node, path,
                 fmt::format("expected a list, such as {}, not {}", kAll, kind_of(node)));
  }
  std::array<bool, 3> present{};
  for (const YAML::Node& role : node) {
    auto found = role.IsScalar() ? std::ranges::find(kRoles, role.Scalar()) : kRoles.end();
    if (found == kRoles.end()) {
      return error(role, path, fmt::format("expected some of {}", kAll));
    }
    present[static_cast<std::size_t>(found - kRoles.begin())] = true;
  }
  if (std::ranges::count(present, true) != 3) error(node, path, unsupported(kAll));
}

}  // namespace logboom::config
