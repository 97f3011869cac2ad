#include "arena/arena.hpp"

std::size_t use() {
#ifdef MISUSE
  const std::string_view text = logboom::arena::Arena().copy("gone with its arena");
#else
  logboom::arena::Arena arena;
  const std::string_view text = arena.copy("lives as long as its arena");
#endif
  return text.size();
}
