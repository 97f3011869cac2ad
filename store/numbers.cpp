#include "store/numbers.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

namespace logboom::store {

namespace {

Result<std::unique_ptr<File>> open_file(FileSystem& files, const std::string& dir) {
  const std::string path = dir + "/numbers";
  auto file = files.open(path, OpenMode::read_write);
  if (file || file.error() != os_error(ENOENT)) return file;
  const std::string empty_slots(2 * kCommitAlignment, '\0');
  if (Status made = write_small_file(files, dir, "numbers", empty_slots); !made) {
    return made.error();
  }
  return files.open(path, OpenMode::read_write);
}

}  // namespace

Result<Numbers> Numbers::open(FileSystem& files, const std::string& dir, std::uint64_t floor) {
  auto file = open_file(files, dir);
  if (!file) return file.error();
  Numbers numbers;
  numbers.file_ = std::move(*file);
  if (Status read = numbers.read_slots(); !read) return read.error();
  const bool lost = numbers.generation_ == 0 && floor > 1;
  numbers.next_ = std::max(numbers.next_, lost ? floor + kBlock : floor);
  numbers.reserved_end_ = numbers.next_;
  return numbers;
}

Status Numbers::read_slots() {
  bool damaged = false;
  int zeros = 0;
  for (std::uint64_t i = 0; i < 2; ++i) {
    std::array<char, sizeof(NumbersSlot)> bytes{};
    const auto got = file_->read_at(bytes.data(), bytes.size(), i * kCommitAlignment);
    if (!got) return got.error();
    const auto slot = load_header<NumbersSlot>(bytes.data());
    if (!is_intact(slot)) {
      const bool zero =
          std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
      zeros += zero ? 1 : 0;
      damaged |= !zero;
    } else if (slot.generation > generation_) {
      generation_ = slot.generation;
      next_ = slot.next;
    }
  }
  damaged |= zeros != 0 && generation_ > 1;  // both were written
  // A damaged slot may have been the newer one, with one block more in use than the other knows.
  if (damaged) next_ += kBlock;
  return {};
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
  slot.generation = generation_ + 1;
  slot.next = next;
  seal_header(slot);
  const std::string_view bytes(reinterpret_cast<const char*>(&slot), sizeof slot);
  const std::uint64_t offset = slot.generation % 2 * kCommitAlignment;
  if (Status written = file_->write_at(bytes, offset); !written) return written;
  if (Status synced = file_->sync(); !synced) return synced;
  generation_ = slot.generation;  // else the next attempt spares the slot that is right
  return {};
}

}  // namespace logboom::store
