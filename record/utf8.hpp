#pragma once

#include <cstddef>
#include <string_view>

#include "arena/arena.hpp"

namespace logboom::record {

// Whether the bytes are UTF-8 as RFC 3629 has it: no overlong forms, no surrogates.
[[nodiscard]] bool is_valid_utf8(std::string_view bytes) noexcept;

// The offset of the first byte that begins no character, or the size if the bytes are valid.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view bytes) noexcept;

// A copy in the arena in which each maximal invalid part has become one U+FFFD, as the Unicode
// Standard recommends (chapter 3.9).
[[nodiscard]] std::string_view replace_invalid_utf8(std::string_view bytes, arena::Arena& arena);

// The largest offset up to `limit` at which valid UTF-8 can be cut without splitting a character.
[[nodiscard]] std::size_t floor_to_character(std::string_view text, std::size_t limit) noexcept;

}  // namespace logboom::record
