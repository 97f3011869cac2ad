#include <string>

#include "arena/arena.hpp"

void use(logboom::arena::Arena& arena) {
#ifdef MISUSE
  (void)arena.create<std::string>("its destructor would never run");
#else
  (void)arena.create<std::string_view>("it has none");
#endif
}
