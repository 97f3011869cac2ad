#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace logboom::cli {

// Live heap objects that nobody uses, for the load test: the large heap that an application would
// have beside its requests. They are touched, so that they occupy memory, and live as long as it.
class Ballast {
 public:
  explicit Ballast(std::size_t objects);

 private:
  static constexpr std::size_t kObjectBytes = 64;
  using Object = std::array<std::byte, kObjectBytes>;

  std::vector<std::unique_ptr<Object>> objects_;
};

}  // namespace logboom::cli
