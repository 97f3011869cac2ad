#include "arena/arena.hpp"

std::size_t use() {
#ifdef MISUSE
  logboom::arena::ArenaVector<int> numbers(logboom::arena::Arena{});
#else
  logboom::arena::Arena arena;
  logboom::arena::ArenaVector<int> numbers(arena);
#endif
  return numbers.size();
}
