#pragma once

#include <cstdint>

namespace logboom::arena {

// Calls of the global operator new so far, in any thread of a program that links counting_heap.cpp.
std::uint64_t heap_allocations();

}  // namespace logboom::arena
