#include "store/numbers.hpp"

#include <algorithm>
#include <utility>

namespace logboom::store {

Result<Numbers> Numbers::open(FileSystem& files, const std::string& dir, std::uint64_t floor) {
  auto slots = SlotPair<NumbersSlot>::open(files, dir, "numbers");
  if (!slots) return slots.error();
  Numbers numbers(std::move(*slots));
  const NumbersSlot& newest = numbers.slots_.newest();
  const bool lost = newest.generation == 0 && floor > 1;
  // The slot that is lost may have been the newer one, with one block more in use than the other
  // knows.
  const std::uint64_t known = newest.next + (numbers.slots_.may_lack_newest() ? kBlock : 0);
  numbers.next_ = std::max({known, lost ? floor + kBlock : floor, std::uint64_t{1}});
  numbers.reserved_end_ = numbers.next_;
  return numbers;
}

Result<std::uint64_t> Numbers::take(std::uint64_t count) {
  if (next_ + count > reserved_end_) {
    const std::uint64_t end = next_ + std::max(count, kBlock);
    if (Status reserved = persist(end); !reserved) return reserved.error();
    reserved_end_ = end;
  }
  return std::exchange(next_, next_ + count);
}

Status Numbers::close() {
  if (next_ == reserved_end_) return {};
  reserved_end_ = next_;
  return persist(next_);
}

Status Numbers::persist(std::uint64_t next) {
  NumbersSlot slot;
  slot.next = next;
  return slots_.write(slot);
}

}  // namespace logboom::store
