#include "arena/arena.hpp"

int use() {
#ifdef MISUSE
  return logboom::arena::Arena().create_span<int>(10)[0];
#else
  logboom::arena::Arena arena;
  return arena.create_span<int>(10)[0];
#endif
}
