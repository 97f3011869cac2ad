#include "arena/arena.hpp"

#ifdef MISUSE
struct alignas(8192) Wide {
#else
struct alignas(4096) Wide {
#endif
  char byte;
};

void use(logboom::arena::Arena& arena) {
  (void)arena.create<Wide>();
}
