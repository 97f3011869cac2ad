#include "arena/arena.hpp"

int use() {
#ifdef MISUSE
  return *logboom::arena::Arena().create<int>(1);
#else
  logboom::arena::Arena arena;
  return *arena.create<int>(1);
#endif
}
