#include "arena/arena_allocator.hpp"

void use() {
#ifdef MISUSE
  [[maybe_unused]] logboom::arena::ArenaResource memory(logboom::arena::Arena{});
#else
  logboom::arena::Arena arena;
  [[maybe_unused]] logboom::arena::ArenaResource memory(arena);
#endif
}
