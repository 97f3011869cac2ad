#pragma once

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "arena/arena.hpp"
#include "arena/large_block_cache.hpp"

// The allocators that bench/arena_bench.cpp sets side by side. Each is made for a round that
// allocates `round_bytes`, and has: allocate(), copy() of a text, end_round() which ends the
// lifetime of everything.
namespace logboom::arena {

struct SystemMalloc {
  static void* allocate(std::size_t bytes) { return std::malloc(bytes); }
  static void release(void* block) { std::free(block); }
};

// Loaded at run time and called by its own names: linked, it would take the place of malloc.
struct Mimalloc {
  // Returns false if the library is not installed.
  static bool load() {
    void* const library = ::dlopen("libmimalloc.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return false;
    allocate = reinterpret_cast<void* (*)(std::size_t)>(::dlsym(library, "mi_malloc"));
    release = reinterpret_cast<void (*)(void*)>(::dlsym(library, "mi_free"));
    return allocate != nullptr && release != nullptr;
  }
  static inline void* (*allocate)(std::size_t) = nullptr;
  static inline void (*release)(void*) = nullptr;
};

// One block an allocation, each remembered to be freed, as any user of a heap has to.
template <class Heap>
class HeapColumn {
 public:
  explicit HeapColumn(std::size_t) {}
  void* allocate(std::size_t bytes, std::size_t) {
    return blocks_.emplace_back(Heap::allocate(bytes));
  }
  std::string_view copy(std::string_view text) {
    auto* const bytes = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(bytes, text.data(), text.size());
    return {bytes, text.size()};
  }
  void end_round() {
    for (void* block : blocks_) Heap::release(block);
    blocks_.clear();
  }

 private:
  std::vector<void*> blocks_;
};

// One buffer that holds a whole round. kDirect calls the class itself, which inlines; otherwise
// the calls are virtual, as those of every pmr container are.
template <bool kDirect>
class MonotonicColumn {
 public:
  explicit MonotonicColumn(std::size_t round_bytes)
      : buffer_(new std::byte[round_bytes + kSlackBytes]),
        resource_(buffer_.get(), round_bytes + kSlackBytes, std::pmr::null_memory_resource()) {}
  void* allocate(std::size_t bytes, std::size_t alignment) {
    if constexpr (kDirect) return resource_.allocate(bytes, alignment);
    return interface_->allocate(bytes, alignment);
  }
  std::string_view copy(std::string_view text) {
    auto* const bytes = static_cast<char*>(allocate(text.size(), 1));
    std::memcpy(bytes, text.data(), text.size());
    return {bytes, text.size()};
  }
  void end_round() { resource_.release(); }

 private:
  static constexpr std::size_t kSlackBytes = 4096;

  std::unique_ptr<std::byte[]> buffer_;
  std::pmr::monotonic_buffer_resource resource_;
  // The compiler may not know where it points, or it would make the calls direct.
  std::pmr::memory_resource* volatile published_ = &resource_;
  std::pmr::memory_resource* const interface_ = published_;
};

// Chunks of the default size; the limits hold a whole round, so that every column measures warm
// memory.
template <ArenaMode kMode>
class ArenaColumn {
 public:
  explicit ArenaColumn(std::size_t round_bytes)
      : large_blocks_(2 * round_bytes + kSlackBytes),
        arena_(options(round_bytes), &large_blocks_) {}
  void* allocate(std::size_t bytes, std::size_t alignment) {
    return arena_.allocate(bytes, alignment);
  }
  std::string_view copy(std::string_view text) { return arena_.copy(text); }
  void end_round() { arena_.reset(); }

 private:
  static constexpr std::size_t kSlackBytes = 64 * 1024 * 1024;

  static ArenaOptions options(std::size_t round_bytes) {
    return {.retained_bytes = 2 * round_bytes + kSlackBytes, .mode = kMode};
  }

  LargeBlockCache large_blocks_;
  Arena arena_;
};

}  // namespace logboom::arena
