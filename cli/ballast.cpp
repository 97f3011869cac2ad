#include "cli/ballast.hpp"

namespace logboom::cli {

Ballast::Ballast(std::size_t objects) {
  objects_.reserve(objects);
  for (std::size_t i = 0; i < objects; ++i) objects_.push_back(std::make_unique<Object>());
}

}  // namespace logboom::cli
