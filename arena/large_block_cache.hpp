#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "arena/block.hpp"

namespace logboom::arena {

struct LargeBlockCacheMetrics {
  std::uint64_t hits = 0;      // blocks that were there when asked for
  std::uint64_t misses = 0;    // blocks that had to come from the system
  std::size_t idle_bytes = 0;  // kept now
};

// Warm blocks for whole request bodies and surplus chunks, shared by all arenas of a server: a
// fresh block of 240 KB costs more in page faults than parsing what it receives.
// Blocks come in size classes, the powers of two and the middles between them, from 8 KiB to
// 64 MiB; what is larger is never kept. At most `idle_bytes_max` are kept, further ones go to the
// system. Any thread may call any member; the lock is held for a few pointer moves and never
// across the system's allocator. Outlives every arena that was given it.
class LargeBlockCache {
 public:
  static constexpr std::size_t kIdleBytesMax = 64 * 1024 * 1024;

  explicit LargeBlockCache(std::size_t idle_bytes_max = kIdleBytesMax) noexcept;
  ~LargeBlockCache();
  LargeBlockCache(const LargeBlockCache&) = delete;
  LargeBlockCache& operator=(const LargeBlockCache&) = delete;

  // The block size that serves `bytes`: the size of its class, or the next multiple of
  // kAlignmentMax above the largest class.
  [[nodiscard]] static std::size_t block_bytes(std::size_t bytes) noexcept;

  // Returns a block of `block_bytes(bytes)`, warm if one is kept. Its payload is poisoned and
  // holds whatever it held before. Throws std::bad_alloc.
  [[nodiscard]] Block* take(std::size_t bytes);
  // Takes a list of blocks, or null; their payloads must be poisoned.
  void give_back(Block* list) noexcept;

  // Gives to the system every block that has not been needed since the last call: in each class,
  // the fewest that lay idle at any moment between. A server calls this every some seconds.
  void trim() noexcept;

  [[nodiscard]] LargeBlockCacheMetrics metrics() const noexcept;

 private:
  static constexpr std::size_t kClasses = 27;

  struct SizeClass {
    Block* idle = nullptr;
    std::size_t count = 0;
    std::size_t fewest = 0;  // the least `count` since the last trim
  };

  static std::size_t class_of(std::size_t bytes) noexcept;
  static std::size_t class_bytes(std::size_t index) noexcept;
  static Block* cut_idle(SizeClass& size_class) noexcept;
  Block* pop(std::size_t index) noexcept;
  bool push(Block* block) noexcept;

  const std::size_t idle_bytes_max_;
  mutable std::mutex mutex_;
  std::array<SizeClass, kClasses> classes_;
  LargeBlockCacheMetrics metrics_;
};

}  // namespace logboom::arena
