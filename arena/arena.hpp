#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "arena/block.hpp"
#include "arena/copy_bytes.hpp"
#include "arena/poison.hpp"

namespace logboom::arena {

class LargeBlockCache;

// heap: an arena with empty chunks, to measure what the chunks are worth. Every allocation takes
// the slow path: one malloc of its bytes and a header, linked, freed at reset.
enum class ArenaMode : std::uint8_t { arena, heap };

struct ArenaOptions {
  // Bytes of one chunk, rounded up to a size class of LargeBlockCache (at least 8 KiB). A request
  // of more than half of it that does not fit the current chunk gets a block of its own; the first
  // of all gets a chunk, if it fits one.
  std::size_t chunk_bytes = 64 * 1024;
  // Chunks that reset() keeps, as many as fit; the surplus goes to the cache of large blocks.
  // Nothing is ten chunks.
  std::optional<std::size_t> retained_bytes = std::nullopt;
  // Overwrites everything that was allocated with zeros at reset: for secrets, at the price of
  // touching it again.
  bool wipe_on_reset = false;
  ArenaMode mode = ArenaMode::arena;
};

// Memory for one request at a time: allocation moves a pointer within a chunk, reset() takes
// everything back at once, whatever the number of objects.
// Lifetime: what an arena hands out is valid until reset() or destruction; no destructor runs, so
// only trivially destructible types are accepted. Under AddressSanitizer a later use is reported.
// Thread: one at a time. The first user owns it until hand_over(); checked in debug builds.
// Errors: std::bad_alloc when the system has no memory, as from operator new.
class Arena {
 public:
  // `large_blocks` serves chunks and large requests and outlives the arena; null is the system.
  explicit Arena(const ArenaOptions& options = {}, LargeBlockCache* large_blocks = nullptr);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Uninitialised memory. `alignment` is a power of two of at most kAlignmentMax. Zero bytes give
  // a pointer that is not null and not unique.
  [[nodiscard]] void* allocate(std::size_t bytes,
                               std::size_t alignment = alignof(std::max_align_t)) & {
    assert(owned_by_this_thread());
    assert(alignment != 0 && (alignment & (alignment - 1)) == 0 && alignment <= kAlignmentMax);
    std::byte* const start = alignment <= kGranuleBytes ? cursor_ : aligned(cursor_, alignment);
    if (bytes > static_cast<std::size_t>(limit_ - start)) return allocate_slow(bytes, alignment);
    cursor_ = start + whole_granules(bytes);
    unpoison(start, bytes);
    return start;
  }

  template <class T, class... Args>
  [[nodiscard]] T* create(Args&&... args) & {
    check_type<T>();
    return ::new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  }

  // `count` value-initialised elements: zeros for scalars and structs without initialisers.
  template <class T>
  [[nodiscard]] std::span<T> create_span(std::size_t count) & {
    const std::span<T> span = create_span_uninitialized<T>(count);
    std::uninitialized_value_construct(span.begin(), span.end());
    return span;
  }

  // `count` elements of garbage, to be written before they are read.
  template <class T>
  [[nodiscard]] std::span<T> create_span_uninitialized(std::size_t count) & {
    check_type<T>();
    if (count > kLengthMax<T>) refuse_length();
    return {static_cast<T*>(allocate(count * sizeof(T), alignof(T))), count};
  }

  [[nodiscard]] std::string_view copy(std::string_view text) & {
    auto* const bytes = static_cast<char*>(allocate(text.size(), 1));
    copy_bytes(bytes, text.data(), text.size());
    return {bytes, text.size()};
  }

  template <class T>
  [[nodiscard]] std::span<T> copy_span(std::span<const T> elements) & {
    const std::span<T> span = create_span_uninitialized<T>(elements.size());
    std::uninitialized_copy(elements.begin(), elements.end(), span.begin());
    return span;
  }

  // Grows `block` of `old_bytes` in place to `new_bytes` and returns true, if it is the latest
  // allocation and its chunk has room, or a large one whose block has; else changes nothing.
  [[nodiscard]] bool try_extend(const void* block, std::size_t old_bytes,
                                std::size_t new_bytes) noexcept;

  // Gives a large block back before reset, as soon as a body is parsed and staged. Returns false
  // and changes nothing if `block` is not the begin of a large one: reset() will reclaim it.
  bool release_large(const void* block) noexcept {
    assert(owned_by_this_thread());
    return large_ != nullptr && release_large_slow(block);
  }

  // Takes back everything. Its time depends on the number of chunks and large blocks only (heap
  // mode: of allocations).
  void reset() noexcept;

  // Bytes handed out since reset, gaps and released large blocks included; and bytes held now,
  // handed out or not. In chunks each allocation takes a multiple of 8 bytes. Asking is a use: no
  // other thread may be using the arena.
  [[nodiscard]] std::size_t used_bytes() const noexcept {
    assert(!owned_by_another_thread());
    return used_elsewhere_bytes_ + static_cast<std::size_t>(cursor_ - chunk_begin_);
  }
  [[nodiscard]] std::size_t capacity_bytes() const noexcept {
    assert(!owned_by_another_thread());
    return capacity_bytes_;
  }

  // Ends the ownership of the present thread: the next user becomes the owner. The caller orders
  // the two threads' uses.
  void hand_over() noexcept { owner_ = nullptr; }

 private:
  template <class T>
  friend class ArenaVector;
  struct HeapBlock;

  // The most elements whose bytes can be counted.
  template <class T>
  static constexpr std::size_t kLengthMax = std::numeric_limits<std::size_t>::max() / sizeof(T);

  template <class T>
  static void check_type() {
    static_assert(std::is_trivially_destructible_v<T>,
                  "arena: T must be trivially destructible, because reset() runs no destructors");
    static_assert(alignof(T) <= kAlignmentMax, "arena: T is aligned to more than kAlignmentMax");
  }
  // The cursor is always a multiple of this, so that most types need no aligning: the next position
  // is then one addition behind the last, and the chain of them is what the fast path's time is.
  // It is AddressSanitizer's granule too: no two allocations share one, so each has an exact end.
  static constexpr std::size_t kGranuleBytes = 8;
  // For sizes that fit a chunk, which is a multiple of granules; never passes its end.
  static constexpr std::size_t whole_granules(std::size_t bytes) noexcept {
    return (bytes + kGranuleBytes - 1) & ~(kGranuleBytes - 1);
  }
  // Never passes limit_, which is a multiple of kAlignmentMax.
  static std::byte* aligned(std::byte* position, std::size_t alignment) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(position);
    return position + (((address + alignment - 1) & ~(alignment - 1)) - address);
  }
  [[noreturn]] static void refuse_length();

  // The first makes this thread the owner if there is none; the second only looks.
  bool owned_by_this_thread() const noexcept;
  bool owned_by_another_thread() const noexcept;
  void* allocate_slow(std::size_t bytes, std::size_t alignment);
  void* allocate_large(std::size_t bytes, std::size_t alignment);
  void* allocate_on_heap(std::size_t bytes, std::size_t alignment);
  bool belongs_in_chunk(std::size_t bytes, std::size_t alignment) const noexcept;
  bool release_large_slow(const void* block) noexcept;
  Block** find_large(const void* block) noexcept;
  Block* take_block(std::size_t bytes);
  Block* make_large(std::size_t bytes, std::size_t alignment);
  void give_back(Block* list) noexcept;
  void enter_next_chunk();
  void enter(Block* chunk) noexcept;
  void leave_chunks() noexcept;
  void retire(void* memory, std::size_t bytes) const noexcept;
  void retire_chunks() noexcept;
  void retire_large(Block& block) const noexcept;
  void drop_chunks_above(std::size_t kept_bytes) noexcept;
  void drop_large() noexcept;
  void drop_heap() noexcept;

  std::byte* cursor_;                    // the next free byte of the current chunk
  std::byte* limit_;                     // its end
  std::byte* chunk_begin_;               // its first byte
  mutable const void* owner_ = nullptr;  // names a thread; null: the next user becomes it
  Block* current_ = nullptr;             // null before the first chunk; those behind it are empty
  Block* chunks_ = nullptr;
  Block* large_ = nullptr;
  HeapBlock* heap_ = nullptr;
  std::size_t used_elsewhere_bytes_ = 0;  // in all but the current chunk
  std::size_t capacity_bytes_ = 0;
  LargeBlockCache* const large_blocks_;
  const ArenaOptions options_;  // chunks rounded up, retained bytes never nothing
};

// A growing array whose memory is the arena's. It grows in place while it is the arena's latest
// allocation; otherwise the elements move, and pointers and spans into it end, as with
// std::vector. Move-only, for two vectors of the same elements would overwrite each other's growth;
// one that was moved from is empty. It has no destructor, so it may lie in its arena.
// Thread: its arena's owner; checked in debug builds where it grows or changes its length.
// Errors: std::bad_array_new_length for a length whose bytes overflow; those of the arena.
template <class T>
class ArenaVector {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>,
                "arena: T must be trivially copyable, because growing moves its bytes");

 public:
  explicit ArenaVector(Arena& arena) noexcept : arena_(&arena) {}
  ArenaVector(ArenaVector&& other) noexcept
      : arena_(other.arena_),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  ArenaVector& operator=(ArenaVector&& other) noexcept {
    arena_ = other.arena_;
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  void push_back(const T& value) {
    assert(arena_->owned_by_this_thread());
    if (size_ == capacity_) return push_back_slow(value);
    ::new (data_ + size_++) T(value);
  }
  // A new last element, garbage until it is written.
  T& push_back_uninitialized() {
    assert(arena_->owned_by_this_thread());
    if (size_ == capacity_) [[unlikely]]
      grow(size_ + 1);
    return data_[size_++];
  }
  // `values` may not be the vector's own.
  void append(std::span<const T> values) {
    assert(arena_->owned_by_this_thread());
    if (values.size() > Arena::kLengthMax<T> - size_) Arena::refuse_length();
    reserve(size_ + values.size());
    std::uninitialized_copy(values.begin(), values.end(), data_ + size_);
    size_ += values.size();
  }
  void reserve(std::size_t count) {
    if (count > capacity_) grow(count);
  }
  // New elements are garbage, to be written before they are read.
  void resize_uninitialized(std::size_t count) {
    assert(arena_->owned_by_this_thread());
    reserve(count);
    size_ = count;
  }
  void pop_back() noexcept {
    assert(arena_->owned_by_this_thread());
    assert(size_ > 0);
    --size_;
  }
  void clear() noexcept {
    assert(arena_->owned_by_this_thread());
    size_ = 0;
  }

  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  T& operator[](std::size_t i) noexcept {
    assert(i < size_);
    return data_[i];
  }
  const T& operator[](std::size_t i) const noexcept {
    assert(i < size_);
    return data_[i];
  }
  T& back() noexcept { return (*this)[size_ - 1]; }
  const T& back() const noexcept { return (*this)[size_ - 1]; }
  T* begin() noexcept { return data_; }
  T* end() noexcept { return data_ + size_; }
  const T* begin() const noexcept { return data_; }
  const T* end() const noexcept { return data_ + size_; }
  std::span<T> span() noexcept { return {data_, size_}; }
  std::span<const T> span() const noexcept { return {data_, size_}; }

 private:
  static constexpr std::size_t kFirstCapacity = std::max<std::size_t>(8, 64 / sizeof(T));

  // Takes a copy, for the value may be an element that growing moves away.
  void push_back_slow(T value) {
    grow(size_ + 1);
    ::new (data_ + size_++) T(value);
  }
  void grow(std::size_t count_min) {
    if (count_min > Arena::kLengthMax<T>) Arena::refuse_length();
    const std::size_t count = std::max({kFirstCapacity, capacity_ * 2, count_min});
    if (capacity_ == 0 || !arena_->try_extend(data_, capacity_ * sizeof(T), count * sizeof(T))) {
      move_to(arena_->create_span_uninitialized<T>(count));
    }
    capacity_ = count;
  }
  void move_to(std::span<T> bigger) {
    std::uninitialized_copy_n(data_, size_, bigger.data());
    arena_->release_large(data_);
    data_ = bigger.data();
  }

  Arena* arena_;
  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace logboom::arena
