#include <string>

#include "arena/arena.hpp"

void use(logboom::arena::Arena& arena) {
#ifdef MISUSE
  logboom::arena::ArenaVector<std::string> names(arena);
#else
  logboom::arena::ArenaVector<std::string_view> names(arena);
#endif
}
