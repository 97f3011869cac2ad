#include "arena/arena.hpp"

void use(logboom::arena::Arena& arena) {
#ifdef MISUSE
  logboom::arena::Arena same = std::move(arena);
#else
  logboom::arena::Arena& same = arena;
#endif
  (void)same.allocate(1);
}
