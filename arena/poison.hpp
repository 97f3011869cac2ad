#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define LOGBOOM_ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LOGBOOM_ARENA_POISONS 1
#endif
#endif

#ifdef LOGBOOM_ARENA_POISONS
#include <sanitizer/asan_interface.h>
#endif

namespace logboom::arena {

// Under AddressSanitizer an arena's memory is addressable only where it is allocated, so that a
// use after reset is reported at once. In other builds both functions are empty.
#ifdef LOGBOOM_ARENA_POISONS
inline constexpr bool kPoisons = true;
inline void poison(const void* memory, std::size_t bytes) noexcept {
  ASAN_POISON_MEMORY_REGION(memory, bytes);
}
inline void unpoison(const void* memory, std::size_t bytes) noexcept {
  ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
}
#else
inline constexpr bool kPoisons = false;
inline void poison(const void*, std::size_t) noexcept {}
inline void unpoison(const void*, std::size_t) noexcept {}
#endif

}  // namespace logboom::arena
