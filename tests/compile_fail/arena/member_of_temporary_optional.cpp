#include "arena/arena_pool.hpp"

std::size_t use(logboom::arena::ArenaPool& pool) {
#ifdef MISUSE
  const std::string_view text = pool.try_lease()->copy("gone with its lease");
#else
  const auto lease = pool.try_lease();
  const std::string_view text = (*lease)->copy("lives as long as its lease");
#endif
  return text.size();
}
