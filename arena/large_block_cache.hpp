#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

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
// system. Outlives every arena that was given it.
// Thread: any, for every member; none waits. A size class has a few cells, each empty or with a
// ring of blocks, usually of one. A thread takes a whole ring out by an exchange and puts what it
// leaves of it into an empty cell, so only its holder ever looks into a block. While it holds a
// ring of several, another thread may miss a block that is idle: it gets a fresh one from the
// system.
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
  // Takes a list of blocks, or null; their payloads must be poisoned. Neighbours of one size are
  // handed over at once.
  void give_back(Block* list) noexcept;

  // Gives to the system every block that has lain idle since the last call; the blocks of a class
  // are used in an order that leaves as many of them alone as were not needed. A server calls this
  // every some seconds.
  void trim() noexcept;

  [[nodiscard]] LargeBlockCacheMetrics metrics() const noexcept;

 private:
  static constexpr std::size_t kClasses = 27;
  // For so many threads at once a block is one exchange away; a cache line of them.
  static constexpr std::size_t kCells = 8;

  // A cell is a ring's last block, or null. Who fills a cell releases what it wrote into the
  // blocks, who empties it acquires that.
  struct alignas(64) SizeClass {
    std::array<std::atomic<Block*>, kCells> cells{};
  };
  struct Run;

  static std::size_t class_of(std::size_t bytes) noexcept;
  static std::size_t class_bytes(std::size_t index) noexcept;
  static void put(SizeClass& size_class, Block* last) noexcept;
  Block* pop(std::size_t index) noexcept;
  Run cut_run(Block*& list) const noexcept;
  void keep(Run run) noexcept;
  std::size_t reserve(std::size_t count, std::size_t bytes) noexcept;
  void trim_ring(SizeClass& size_class, Block* last, std::uint32_t interval) noexcept;

  std::array<SizeClass, kClasses> classes_;

  // Relaxed, for they order nothing. `idle_bytes_` is raised before blocks go into a cell and
  // lowered after they left one: never less than what is there, and never above the most.
  alignas(64) std::atomic<std::size_t> idle_bytes_{0};
  std::atomic<std::uint64_t> hits_{0};
  std::atomic<std::uint64_t> misses_{0};
  std::atomic<std::uint32_t> interval_{0};  // the number of trims
  const std::size_t idle_bytes_max_;
};

}  // namespace logboom::arena
