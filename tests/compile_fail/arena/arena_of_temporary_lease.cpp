#include "arena/arena_pool.hpp"

std::size_t use(logboom::arena::ArenaPool& pool) {
#ifdef MISUSE
  logboom::arena::Arena& arena = **pool.try_lease();
#else
  const auto lease = pool.try_lease();
  logboom::arena::Arena& arena = **lease;
#endif
  return arena.used_bytes();
}
