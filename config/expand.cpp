#include "config/expand.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

namespace logboom::config {
namespace {

// A secret or a certificate; anything larger is the wrong file.
constexpr std::size_t kFileBytesMax = 64 * 1024;

bool is_name(std::string_view name) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  constexpr std::string_view kDigits = "0123456789";
  if (name.empty() || kDigits.find(name[0]) != std::string_view::npos) return false;
  for (char c : name) {
    if (kLetters.find(c) == std::string_view::npos && kDigits.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

Expanded expand_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string contents(kFileBytesMax + 1, '\0');
  if (!file) return {{}, fmt::format("cannot read {}: {}", path, std::strerror(errno))};
  file.read(contents.data(), static_cast<std::streamsize>(contents.size()));
  if (file.bad()) return {{}, fmt::format("cannot read {}: {}", path, std::strerror(errno))};
  contents.resize(static_cast<std::size_t>(file.gcount()));
  if (contents.size() > kFileBytesMax) return {{}, fmt::format("{} is larger than 64KiB", path)};
  while (!contents.empty() && (contents.back() == '\n' || contents.back() == '\r')) {
    contents.pop_back();
  }
  return {contents, {}};
}

Expanded expand_variable(std::string_view reference) {
  std::size_t colon = reference.find(":-");
  std::string name{reference.substr(0, colon)};
  if (!is_name(name)) {
    return {{},
            fmt::format("expected ${{NAME}}, ${{NAME:-default}} or ${{file:PATH}}, not ${{{}}}",
                        reference)};
  }
  const char* value = std::getenv(name.c_str());
  bool has_default = colon != std::string_view::npos;
  if (value != nullptr && (*value != '\0' || !has_default)) return {value, {}};
  if (has_default) return {std::string{reference.substr(colon + 2)}, {}};
  return {{},
          fmt::format("the environment variable {0} is not set; ${{{0}:-default}} gives a default",
                      name)};
}

Expanded expand_reference(std::string_view reference) {
  constexpr std::string_view kFile = "file:";
  if (reference.starts_with(kFile)) return expand_file(std::string{reference.substr(kFile.size())});
  return expand_variable(reference);
}

}  // namespace

Expanded expand(std::string_view text) {
  Expanded result;
  while (!text.empty()) {
    std::size_t dollar = text.find('$');
    result.text += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      result.text += '$';
      text.remove_prefix(1);
      continue;
    }
    if (!text.starts_with('{')) return {{}, "a dollar is written $$, a variable ${NAME}"};
    std::size_t end = text.find('}');
    if (end == std::string_view::npos) return {{}, "${ without its }"};
    Expanded part = expand_reference(text.substr(1, end - 1));
    if (!part.error.empty()) return part;
    result.text += part.text;
    text.remove_prefix(end + 1);
  }
  return result;
}

std::string escape_dollars(std::string_view text) {
  std::string result;
  for (char c : text) result.append(c == '$' ? 2 : 1, c);
  return result;
}

}  // namespace logboom::config
