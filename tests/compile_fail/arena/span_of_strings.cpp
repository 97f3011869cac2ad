#include <string>

#include "arena/arena.hpp"

void use(logboom::arena::Arena& arena) {
#ifdef MISUSE
  (void)arena.create_span<std::string>(3);
#else
  (void)arena.create_span<std::string_view>(3);
#endif
}
