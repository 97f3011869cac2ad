#pragma once

#include <string>
#include <string_view>

namespace logboom::config {

// A scalar with its references replaced, or the sentence saying which cannot be.
struct Expanded {
  std::string text;
  std::string error;  // empty: none
};

// Replaces `${NAME}`, `${NAME:-default}` (also for an empty NAME) and `${file:PATH}` (contents
// without trailing line breaks), once, from left to right; `$$` is a dollar. Any other use of a
// dollar is an error, so that a mistyped reference never passes as text.
[[nodiscard]] Expanded expand(std::string_view text);

// The text with its dollars doubled: expand() gives the original back.
[[nodiscard]] std::string escape_dollars(std::string_view text);

}  // namespace logboom::config
