#include "arena/arena.hpp"

std::size_t use(logboom::arena::ArenaVector<int>& numbers) {
#ifdef MISUSE
  logboom::arena::ArenaVector<int> same = numbers;
#else
  logboom::arena::ArenaVector<int> same = std::move(numbers);
#endif
  return same.size();
}
