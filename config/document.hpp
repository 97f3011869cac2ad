#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.hpp"
#include "config/settings.hpp"

namespace YAML {
class Node;
}

namespace logboom::config {

// Where keys were set, by path: `FILE:LINE:COLUMN` or `--set`; an empty place has a wrong value. A
// key that is not in it has its default.
using Places = std::map<std::string_view, std::string>;

// Walks one YAML document along the table of keys and fills settings. Collects errors, each with
// its position. Used by load() only; yaml-cpp's exceptions pass through.
class DocumentReader {
 public:
  DocumentReader(std::string_view file, Settings& settings, std::vector<std::string>& errors,
                 Places& places)
      : file_(file), settings_(settings), errors_(errors), places_(places) {}

  void read(const YAML::Node& document) { section(document, ""); }

 private:
  void section(const YAML::Node& node, const std::string& path);
  void member(const YAML::Node& node, const YAML::Node& name, const std::string& path);
  void scalar(const YAML::Node& node, const YAML::Node& at, const Key& key);
  void empty_collection(const YAML::Node& node, const Key& key);
  void listeners(const YAML::Node& node, const YAML::Node& at);
  void listener(const YAML::Node& node, const std::string& path);
  void listener_member(const YAML::Node& node, const std::string& path, std::string_view name);
  void address(const YAML::Node& node, const std::string& path);
  void allow(const YAML::Node& node, const std::string& path);

  // Calls `visit(value, name, path of the member)` for each member of a map once.
  template <class Visit>
  void each_member(const YAML::Node& node, const std::string& path, Visit visit);
  [[nodiscard]] std::string place_of(const YAML::Node& node) const;
  void error(const YAML::Node& node, std::string_view path, std::string_view message);

  std::string_view file_;
  Settings& settings_;
  std::vector<std::string>& errors_;
  Places& places_;
};

}  // namespace logboom::config
