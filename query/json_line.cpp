#include "query/json_line.hpp"

#include <utility>

namespace logboom::query {
namespace {

namespace ondemand = simdjson::ondemand;

std::string_view trim(std::string_view text) noexcept {
  std::size_t end = text.find_last_not_of(" \t\r\n");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

template <class Collection>
std::optional<JsonText> raw_of(simdjson::simdjson_result<Collection> collection) {
  Collection found;
  std::string_view raw;
  if (std::move(collection).get(found) || found.raw_json().get(raw)) return std::nullopt;
  return JsonText{.text = trim(raw), .is_string = false};
}

// What is left of `path` behind `name.`; nothing if it does not begin so.
std::string_view behind(std::string_view path, std::string_view name) noexcept {
  bool inside = path.size() > name.size() && path.starts_with(name) && path[name.size()] == '.';
  return inside ? path.substr(name.size() + 1) : std::string_view{};
}

// Depth is bounded by the number of dots in `path`.
std::optional<JsonText> find_in(ondemand::object object, std::string_view path) {
  for (auto item : object) {
    ondemand::field field;
    std::string_view name;
    if (std::move(item).get(field) || field.unescaped_key().get(name)) return std::nullopt;
    if (name == path) return text_of(field.value());
    std::string_view rest = behind(path, name);
    ondemand::object inner;
    if (rest.empty() || field.value().get_object().get(inner)) continue;
    if (auto found = find_in(inner, rest)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<JsonText> text_of(ondemand::value value) {
  ondemand::json_type type{};
  if (value.type().get(type)) return std::nullopt;
  switch (type) {
    case ondemand::json_type::object: return raw_of(value.get_object());
    case ondemand::json_type::array: return raw_of(value.get_array());
    case ondemand::json_type::string: {
      std::string_view raw = value.raw_json_token();
      std::string_view text;
      if (!value.get_string().get(text)) return JsonText{.text = text, .is_string = true};
      return JsonText{.text = trim(raw), .is_string = false};  // such as an unpaired surrogate
    }
    default: return JsonText{.text = trim(value.raw_json_token()), .is_string = false};
  }
}

bool JsonLine::load(std::string_view line) {
  padded_.reserve(line.size() + simdjson::SIMDJSON_PADDING);
  padded_.assign(line);
  simdjson::padded_string_view view{padded_.data(), padded_.size(), padded_.capacity()};
  if (parser_.iterate(view).get(document_)) return false;
  ondemand::object object;
  return !document_.get_object().get(object);
}

simdjson::simdjson_result<ondemand::object> JsonLine::fields() {
  document_.rewind();
  return document_.get_object();
}

std::optional<JsonText> JsonLine::find_at_root(std::string_view path) {
  ondemand::object object;
  if (fields().get(object)) return std::nullopt;
  return find_in(object, path);
}

std::optional<JsonText> JsonLine::find(std::string_view path) {
  for (std::string_view prefix : {"", "attributes.", "resource."}) {
    auto found = find_at_root(std::string{prefix}.append(path));
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace logboom::query
