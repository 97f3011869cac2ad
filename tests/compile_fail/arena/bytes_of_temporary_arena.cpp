#include "arena/arena.hpp"

bool use() {
#ifdef MISUSE
  return logboom::arena::Arena().allocate(10) != nullptr;
#else
  logboom::arena::Arena arena;
  return arena.allocate(10) != nullptr;
#endif
}
