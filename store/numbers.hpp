#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "store/format.hpp"
#include "store/os_file.hpp"
#include "store/slot_pair.hpp"

namespace logboom::store {

// Hands out records' numbers, each once in the life of a data directory whatever crashes: a block
// of numbers is reserved on stable storage before the first of them is used, and after an unclean
// stop numbering goes on behind the block. Used by one thread at a time.
class Numbers {
 public:
  static constexpr std::uint64_t kBlock = 1024 * 1024;

  // `floor` is greater than every number that is known; it counts if the file knows less. A
  // file that is empty or missing though numbers were in use was lost: a block is skipped.
  [[nodiscard]] static Result<Numbers> open(FileSystem& files, const std::string& dir,
                                            std::uint64_t floor);

  // The first of `count` consecutive numbers, or the error of reserving them.
  [[nodiscard]] Result<std::uint64_t> take(std::uint64_t count);
  // The number that take() would give next.
  [[nodiscard]] std::uint64_t next() const noexcept { return next_; }
  // Leaves out the next number, which stands in the name of a file that is not to be.
  void skip() noexcept { ++next_; }
  // Gives the unused rest of the block back, so that numbering goes on without a gap.
  [[nodiscard]] Status close();

 private:
  explicit Numbers(SlotPair<NumbersSlot> slots) : slots_(std::move(slots)) {}
  [[nodiscard]] Status persist(std::uint64_t next);

  SlotPair<NumbersSlot> slots_;
  std::uint64_t next_ = 1;
  std::uint64_t reserved_end_ = 1;  // numbers below it may be used
};

}  // namespace logboom::store
