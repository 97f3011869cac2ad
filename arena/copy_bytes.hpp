#pragma once

#include <cstddef>
#include <cstring>

namespace logboom::arena {

// Copies the first and the last kWidth bytes, which overlap when there are fewer than twice as
// many: two moves for any length from kWidth to twice that.
template <std::size_t kWidth>
inline void copy_both_ends(char* to, const char* from, std::size_t bytes) noexcept {
  std::memcpy(to, from, kWidth);
  std::memcpy(to + bytes - kWidth, from + bytes - kWidth, kWidth);
}

// memcpy that stays inline up to 32 bytes, which most keys and values of a log record are; the
// call costs as much as the copy there. `from` may be null when `bytes` is zero.
inline void copy_bytes(char* to, const char* from, std::size_t bytes) noexcept {
  if (bytes > 32) {
    std::memcpy(to, from, bytes);
  } else if (bytes >= 16) {
    copy_both_ends<16>(to, from, bytes);
  } else if (bytes >= 8) {
    copy_both_ends<8>(to, from, bytes);
  } else if (bytes >= 4) {
    copy_both_ends<4>(to, from, bytes);
  } else {
    for (std::size_t i = 0; i < bytes; ++i) to[i] = from[i];
  }
}

}  // namespace logboom::arena
