#include "arena/arena.hpp"

int use(std::span<const int> numbers) {
#ifdef MISUSE
  return logboom::arena::Arena().copy_span(numbers)[0];
#else
  logboom::arena::Arena arena;
  return arena.copy_span(numbers)[0];
#endif
}
