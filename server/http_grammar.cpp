#include "server/http_grammar.hpp"

#include <algorithm>
#include <array>

namespace logboom::server {
namespace {

// A set of bytes; every member function is one look into a table.
class ByteSet {
 public:
  explicit constexpr ByteSet(std::string_view others) {
    for (unsigned char c = '0'; c <= '9'; ++c) has_[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c) has_[c] = has_[c - 'a' + 'A'] = true;
    for (const char c : others) has_[static_cast<unsigned char>(c)] = true;
  }
  [[nodiscard]] constexpr bool has(char c) const noexcept {
    return has_[static_cast<unsigned char>(c)];
  }

 private:
  std::array<bool, 256> has_{};
};

constexpr ByteSet kToken("!#$%&'*+-.^_`|~");
constexpr ByteSet kHost("-._~!$&'()*+,;=%");
constexpr ByteSet kAddress("-._~!$&'()*+,;=:");

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) noexcept {
  return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::size_t skip_token(std::string_view text, std::size_t at) noexcept {
  while (at < text.size() && kToken.has(text[at])) ++at;
  return at;
}

// Whether CR LF stands at `at`, as far as the text goes; moves `at` behind it or to the fault.
bool take_line_end(std::string_view text, std::size_t& at) noexcept {
  for (const char expected : {'\r', '\n'}) {
    if (at == text.size()) return true;
    if (text[at] != expected) return false;
    ++at;
  }
  return true;
}

// Moves `at` over anything but control characters to the line's end and behind it.
bool take_rest_of_line(std::string_view text, std::size_t& at) noexcept {
  while (at < text.size() && (!is_control(text[at]) || text[at] == '\t')) ++at;
  return take_line_end(text, at);
}

bool take_field(std::string_view text, std::size_t& at) noexcept {
  const std::size_t begin = at;
  at = skip_token(text, at);
  if (at == text.size()) return true;
  return at != begin && text[at] == ':' && take_rest_of_line(text, ++at);
}

bool take_trailers(std::string_view text, std::size_t& at) noexcept {
  while (at < text.size() && text[at] != '\r') {
    if (!take_field(text, at)) return false;
  }
  return take_line_end(text, at);
}

bool take_version(std::string_view text, std::size_t& at) noexcept {
  for (const char expected : std::string_view("HTTP/1.")) {
    if (at == text.size()) return true;
    if (text[at] != expected) return false;
    ++at;
  }
  if (at == text.size()) return true;
  return (text[at] == '0' || text[at] == '1') && take_line_end(text, ++at);
}

bool take_request_line(std::string_view text, std::size_t& at) noexcept {
  at = skip_token(text, 0);
  if (at == text.size()) return true;
  if (at == 0 || text[at] != ' ') return false;
  const std::size_t target = ++at;
  while (at < text.size() && text[at] != ' ' && !is_control(text[at])) ++at;
  if (at == text.size()) return true;
  return at != target && text[at] == ' ' && take_version(text, ++at);
}

bool take_chunk_framing(std::string_view text, bool after_chunk, std::size_t& at) noexcept {
  if (after_chunk && !take_line_end(text, at)) return false;
  const std::size_t size = at;
  while (at < text.size() && is_hex_digit(text[at])) ++at;
  if (at == text.size()) return true;
  if (at == size) return false;
  const bool last = text.substr(size, at - size).find_first_not_of('0') == text.npos;
  const bool extended = text[at] == ';' || text[at] == ' ' || text[at] == '\t';
  if (extended ? !take_rest_of_line(text, at) : !take_line_end(text, at)) return false;
  return !last || take_trailers(text, at);
}

bool is_port(std::string_view text) noexcept {
  return text.empty() || (text[0] == ':' && std::all_of(text.begin() + 1, text.end(), is_digit));
}

}  // namespace

std::size_t find_request_line_fault(std::string_view text) noexcept {
  std::size_t at = 0;
  return take_request_line(text, at) ? kNoFault : at;
}

std::size_t find_field_fault(std::string_view text) noexcept {
  std::size_t at = 0;
  return take_field(text, at) ? kNoFault : at;
}

std::string_view field_name(std::string_view text) noexcept {
  const std::size_t end = skip_token(text, 0);
  return end < text.size() && text[end] == ':' ? text.substr(0, end) : std::string_view();
}

std::size_t find_chunk_fault(std::string_view text, bool after_chunk) noexcept {
  std::size_t at = 0;
  return take_chunk_framing(text, after_chunk, at) ? kNoFault : at;
}

bool is_valid_host(std::string_view host) noexcept {
  std::size_t end = 0;
  if (host.starts_with('[')) {
    end = std::min(host.find(']'), host.size());
    const std::string_view address = host.substr(1, end - 1);
    if (end == host.size() || address.empty()) return false;
    if (!std::all_of(address.begin(), address.end(), [](char c) { return kAddress.has(c); })) {
      return false;
    }
    ++end;
  } else {
    while (end < host.size() && kHost.has(host[end])) ++end;
  }
  return is_port(host.substr(end));
}

}  // namespace logboom::server
