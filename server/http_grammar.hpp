#pragma once

#include <cstddef>
#include <string_view>

namespace logboom::server {

// What the HTTP parser does not say or check: where a malformed line breaks the grammar of
// RFC 9112, chunk framing that can no longer become valid, and the Host header.

inline constexpr std::size_t kNoFault = std::string_view::npos;

// The offset of the first byte that a request line, which begins here, may not have there, or
// kNoFault: its beginning, as far as it is there, is well-formed.
[[nodiscard]] std::size_t find_request_line_fault(std::string_view text) noexcept;

// The same for a line of a header or trailer.
[[nodiscard]] std::size_t find_field_fault(std::string_view text) noexcept;

// The name of the header line that begins here; empty if it is malformed.
[[nodiscard]] std::string_view field_name(std::string_view text) noexcept;

// The same for what lies between two chunks of a body, or before the first or behind the last:
// the line end of the chunk before if there was one, the size line, and behind the last chunk the
// trailers.
[[nodiscard]] std::size_t find_chunk_fault(std::string_view text, bool after_chunk) noexcept;

// Whether a Host header names a host as RFC 3986 section 3.2.2 has it, perhaps with a port. The
// empty host is one.
[[nodiscard]] bool is_valid_host(std::string_view host) noexcept;

}  // namespace logboom::server
