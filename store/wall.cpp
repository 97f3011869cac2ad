#include "store/wall.hpp"

#include <fmt/format.h>

namespace logboom::store {

namespace {

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  constexpr std::uint64_t kGiB = 1024 * kMiB;
  if (bytes >= 10 * kGiB) return fmt::format("{} GiB", bytes / kGiB);
  if (bytes >= 10 * kMiB) return fmt::format("{} MiB", bytes / kMiB);
  return fmt::format("{} KiB", bytes / 1024);
}

std::uint64_t bytes_max(const WallOptions& wall, const Space& space) noexcept {
  return wall.percent_max == 0 ? wall.bytes_max : space.total / 100 * wall.percent_max;
}

}  // namespace

Wall::Room Wall::room() const {
  const auto space = files_.space(paths_.root);
  const WallOptions wall = limits_.get().wall;
  if (!space) return {0, wall.free_bytes_min, 0};
  return {bytes_max(wall, *space), wall.free_bytes_min, space->free};
}

std::optional<std::string> Wall::refusal(std::uint64_t bytes) const {
  const auto space = files_.space(paths_.root);
  if (!space) return std::nullopt;  // then the file system itself says when it is full
  const std::uint64_t used = catalogue_.totals().bytes;
  const WallOptions wall = limits_.get().wall;
  const std::uint64_t max = bytes_max(wall, *space);
  if (used + bytes > max) {
    return fmt::format(
        "the store has reached store.max_bytes: {} are in use and a segment needs {} more, of at "
        "most {}; logs are accepted again when retention has deleted some, or the limit is raised",
        size_text(used), size_text(bytes), size_text(max));
  }
  if (space->free < bytes + wall.free_bytes_min) {
    return fmt::format(
        "the store has reached store.min_free: {} are free on the file system of {}, and a segment "
        "of {} has to leave {}; free some space and logs are accepted again",
        size_text(space->free), paths_.root, size_text(bytes), size_text(wall.free_bytes_min));
  }
  return std::nullopt;
}

std::string Wall::describe() const {
  const auto space = files_.space(paths_.root);
  const WallOptions wall = limits_.get().wall;
  const std::string max = size_text(bytes_max(wall, space ? *space : Space{}));
  const std::string share =
      wall.percent_max == 0 ? "" : fmt::format(" ({}% of the file system)", wall.percent_max);
  return fmt::format("at most {}{}, {} left free", max, share, size_text(wall.free_bytes_min));
}

}  // namespace logboom::store
