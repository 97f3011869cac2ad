#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace logboom::arena {

struct ArenaOptions {
  std::size_t chunk_bytes = 64 * 1024;
  std::size_t retained_bytes = 640 * 1024;
};

// Placeholder that keeps the interface; the real allocator replaces it.
class Arena {
 public:
  explicit Arena(const ArenaOptions& = {}) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t)) {
    blocks_.push_back(std::make_unique<std::byte[]>(bytes + alignment));
    const auto raw = reinterpret_cast<std::uintptr_t>(blocks_.back().get());
    return reinterpret_cast<void*>((raw + alignment - 1) / alignment * alignment);
  }
  template <class T, class... Args>
  [[nodiscard]] T* create(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return ::new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  }
  template <class T>
  [[nodiscard]] std::span<T> create_span_uninitialized(std::size_t count) {
    return {static_cast<T*>(allocate(count * sizeof(T), alignof(T))), count};
  }
  [[nodiscard]] std::string_view copy(std::string_view text) {
    auto bytes = create_span_uninitialized<char>(text.size());
    std::copy(text.begin(), text.end(), bytes.begin());
    return {bytes.data(), bytes.size()};
  }
  void reset() noexcept { blocks_.clear(); }

 private:
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
};

// A growing array whose memory is the arena's; grown-out memory is reclaimed at reset.
template <class T>
class ArenaVector {
 public:
  explicit ArenaVector(Arena& arena) : arena_(&arena) {}
  void push_back(const T& value) {
    if (size_ == capacity_) grow();
    data_[size_++] = value;
  }
  void clear() { size_ = 0; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  std::span<T> span() { return {data_, size_}; }

 private:
  void grow() {
    const std::size_t bigger = capacity_ == 0 ? 8 : capacity_ * 2;
    auto fresh = arena_->create_span_uninitialized<T>(bigger);
    for (std::size_t i = 0; i < size_; ++i) fresh[i] = data_[i];
    data_ = fresh.data();
    capacity_ = bigger;
  }
  Arena* arena_;
  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace logboom::arena
