#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "store/format.hpp"
#include "store/os_file.hpp"

namespace logboom::store {

// A small file of two slots, kCommitAlignment apart, which are written in turn, so that one of them
// is right whatever crashes. A Slot has a magic, a generation and a header_checksum. One thread.
template <class Slot>
class SlotPair {
 public:
  // Makes the file in `dir` if there is none.
  [[nodiscard]] static Result<SlotPair> open(FileSystem& files, const std::string& dir,
                                             const std::string& name) {
    auto file = open_file(files, dir, name);
    if (!file) return file.error();
    auto pair = read(**file);
    if (pair) pair->file_ = std::move(*file);
    return pair;
  }
  // What a file holds, for somebody who does not write it.
  [[nodiscard]] static Result<SlotPair> read(File& file) {
    SlotPair pair;
    if (Status looked = pair.look_at(file); !looked) return looked.error();
    return pair;
  }

  // What was written last; of generation 0 if nothing is there.
  [[nodiscard]] const Slot& newest() const noexcept { return newest_; }
  // Whether a slot is neither right nor zero. It may have been the newer one; so may one that is
  // zero though both were written.
  [[nodiscard]] bool is_damaged() const noexcept { return damaged_; }
  [[nodiscard]] bool may_lack_newest() const noexcept { return damaged_ || lost_; }

  // On stable storage on return. After an error the next write spares the slot that is right.
  [[nodiscard]] Status write(Slot slot) {
    slot.generation = newest_.generation + 1;
    seal_header(slot);
    const std::string_view bytes(reinterpret_cast<const char*>(&slot), sizeof slot);
    const std::uint64_t offset = slot.generation % 2 * kCommitAlignment;
    if (Status written = file_->write_at(bytes, offset); !written) return written;
    if (Status synced = file_->sync(); !synced) return synced;
    newest_ = slot;
    return {};
  }

 private:
  SlotPair() = default;

  static Result<std::unique_ptr<File>> open_file(FileSystem& files, const std::string& dir,
                                                 const std::string& name) {
    const std::string path = dir + "/" + name;
    auto file = files.open(path, OpenMode::read_write);
    if (file || file.error() != os_error(ENOENT)) return file;
    const std::string empty_slots(2 * kCommitAlignment, '\0');
    if (Status made = write_small_file(files, dir, name, empty_slots); !made) return made.error();
    return files.open(path, OpenMode::read_write);
  }

  [[nodiscard]] Status look_at(File& file) {
    int zeros = 0;
    for (std::uint64_t i = 0; i < 2; ++i) {
      std::array<char, sizeof(Slot)> bytes{};
      const auto got = file.read_at(bytes.data(), bytes.size(), i * kCommitAlignment);
      if (!got) return got.error();
      const auto slot = load_header<Slot>(bytes.data());
      if (!is_intact(slot)) {
        const bool zero =
            std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
        zeros += zero ? 1 : 0;
        damaged_ |= !zero;
      } else if (slot.generation > newest_.generation) {
        newest_ = slot;
      }
    }
    lost_ = zeros != 0 && newest_.generation > 1;
    return {};
  }

  std::unique_ptr<File> file_;
  Slot newest_;
  bool damaged_ = false;
  bool lost_ = false;
};

}  // namespace logboom::store
