#include "arena/arena_pool.hpp"

bool use(logboom::arena::LargeBlockCache& large_blocks) {
#ifdef MISUSE
  return logboom::arena::ArenaPool({}, large_blocks).try_lease().has_value();
#else
  logboom::arena::ArenaPool pool({}, large_blocks);
  return pool.try_lease().has_value();
#endif
}
