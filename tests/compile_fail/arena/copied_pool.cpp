#include "arena/arena_pool.hpp"

bool use(logboom::arena::ArenaPool& pool) {
#ifdef MISUSE
  logboom::arena::ArenaPool same = pool;
#else
  logboom::arena::ArenaPool& same = pool;
#endif
  return same.try_lease().has_value();
}
