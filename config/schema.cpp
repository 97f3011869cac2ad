#include "config/schema.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "config/keys.hpp"
#include "record/json_text.hpp"

namespace logboom::config {
namespace {

// What the schemas of the keys refer to.
constexpr std::string_view kDefinitions = R"(  "$defs": {
    "reference": {
      "description": "${NAME}, ${NAME:-default} or ${file:PATH}, replaced when the file is read.",
      "type": "string", "pattern": "\\$\\{"
    },
    "duration": {
      "description": "A whole number with a unit: us, ms, s, m, h or d.",
      "anyOf": [
        {"type": "string", "pattern": "^[0-9]+(us|ms|s|m|h|d)$"},
        {"const": 0}, {"$ref": "#/$defs/reference"}
      ]
    },
    "size": {
      "description": "A whole number with a unit: B, KiB, MiB, GiB, TiB, kB, MB, GB or TB.",
      "anyOf": [
        {"type": "string", "pattern": "^[0-9]+(B|[KMGT]iB|[kMGT]B)$"},
        {"const": 0}, {"$ref": "#/$defs/reference"}
      ]
    }
  }
)";

std::string quoted(std::string_view text) {
  std::string out(text.size() * record::kEscapedBytesMax, '\0');
  out.resize(static_cast<std::size_t>(record::escape(text, out.data()) - out.data()));
  return '"' + out + '"';
}

std::string description(const Key& key) {
  std::string text{key.comment};
  std::ranges::replace(text, '\n', ' ');
  if (!key.codec.range.empty()) text += fmt::format(" [{}]", key.codec.range);
  switch (key.change) {
    case Change::restart: text += " A change needs a restart."; break;
    case Change::reload: text += " A reload puts a change into force."; break;
    case Change::inert: text += " Nothing acts on it in this version."; break;
  }
  return text;
}

// The default as JSON.
std::string default_value(const Key& key) {
  if (key.codec.shape == Codec::Shape::listeners) return R"([{"address": "127.0.0.1:8080"}])";
  const bool is_json = key.codec.shape != Codec::Shape::scalar || key.fallback == "true" ||
                       key.fallback == "false" ||
                       key.fallback.find_first_not_of("0123456789") == key.fallback.npos;
  return is_json ? std::string{key.fallback} : quoted(key.fallback);
}

std::string key_schema(const Key& key, const std::string& margin) {
  return fmt::format("{{\n{0}  \"description\": {1},\n{0}  \"default\": {2},\n{0}  {3}\n{0}}}",
                     margin, quoted(description(key)), default_value(key), key.codec.schema);
}

// The members of a section, which may be empty, as the whole file may.
std::string section_schema(const std::string& section, const std::string& margin) {
  std::string members;
  for (const std::string& name : names_in(section)) {
    const std::string path = section.empty() ? name : fmt::format("{}.{}", section, name);
    const Key* key = find_key(path);
    const std::string inner = margin + "    ";
    members += fmt::format("{}{}{}: {}", members.empty() ? "" : ",\n", inner, quoted(name),
                           key != nullptr
                               ? key_schema(*key, inner)
                               : fmt::format("{{\n{}\n{}}}", section_schema(path, inner), inner));
  }
  return fmt::format(
      "{0}  \"type\": [\"object\", \"null\"],\n{0}  \"additionalProperties\": false,\n"
      "{0}  \"properties\": {{\n{1}\n{0}  }}",
      margin, members);
}

}  // namespace

std::string json_schema() {
  return fmt::format(
      "{{\n"
      "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
      "  \"title\": \"Logboom's configuration\",\n"
      "  \"$comment\": \"Made by `logboom config --schema`.\",\n"
      "{},\n{}}}\n",
      section_schema("", ""), kDefinitions);
}

}  // namespace logboom::config
