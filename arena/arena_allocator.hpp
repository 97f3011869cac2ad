#pragma once

#include <cstddef>
#include <limits>
#include <memory_resource>
#include <new>
#include <type_traits>

#include "arena/arena.hpp"

namespace logboom::arena {

// Lets std containers and Beast's fields allocate from an arena: deallocate() does nothing, reset()
// reclaims. The container must be gone, or never touched again, when the arena is reset.
// Allocators are equal if their arena is the same; moving and swapping containers take it along.
template <class T>
class ArenaAllocator {
  static_assert(alignof(T) <= kAlignmentMax, "arena: T is aligned to more than kAlignmentMax");

 public:
  using value_type = T;
  using is_always_equal = std::false_type;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  explicit ArenaAllocator(Arena& arena) noexcept : arena_(&arena) {}
  template <class U>
  ArenaAllocator(const ArenaAllocator<U>& other) noexcept : arena_(&other.arena()) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) {
      throw std::bad_array_new_length();
    }
    return static_cast<T*>(arena_->allocate(count * sizeof(T), alignof(T)));
  }
  void deallocate(T*, std::size_t) noexcept {}

  Arena& arena() const noexcept { return *arena_; }

  template <class U>
  friend bool operator==(const ArenaAllocator& left, const ArenaAllocator<U>& right) noexcept {
    return &left.arena() == &right.arena();
  }

 private:
  Arena* arena_;
};

// The same for std::pmr containers. The arena outlives it.
class ArenaResource final : public std::pmr::memory_resource {
 public:
  explicit ArenaResource(Arena& arena) noexcept : arena_(&arena) {}

 private:
  // Throws std::bad_alloc for an alignment above kAlignmentMax too.
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (alignment > kAlignmentMax) throw std::bad_alloc();
    return arena_->allocate(bytes, alignment);
  }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    const auto* const same = dynamic_cast<const ArenaResource*>(&other);
    return same != nullptr && same->arena_ == arena_;
  }

  Arena* arena_;
};

}  // namespace logboom::arena
