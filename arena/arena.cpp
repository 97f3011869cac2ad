#include "arena/arena.hpp"
