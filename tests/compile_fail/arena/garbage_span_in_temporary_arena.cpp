#include "arena/arena.hpp"

std::size_t use() {
#ifdef MISUSE
  return logboom::arena::Arena().create_span_uninitialized<int>(10).size();
#else
  logboom::arena::Arena arena;
  return arena.create_span_uninitialized<int>(10).size();
#endif
}
