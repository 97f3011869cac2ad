#include "arena/arena_pool.hpp"

void use(logboom::arena::ArenaLease& lease) {
#ifdef MISUSE
  logboom::arena::ArenaLease second = lease;
#else
  logboom::arena::ArenaLease second = std::move(lease);
#endif
}
