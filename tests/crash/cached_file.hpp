#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "tests/crash/dice.hpp"

namespace logboom::store {

// The bytes of one file, as the page cache has them and as the disk has them; SimulatedDisk tells
// the rules. Pages of zeros take no memory, and copies share pages until one of them writes.
class CachedFile {
 public:
  static constexpr std::size_t kSectorBytes = 512;
  static constexpr std::size_t kPageBytes = 4096;

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t read(char* out, std::size_t bytes, std::uint64_t offset) const;
  void write(std::string_view bytes, std::uint64_t offset, Dice& dice);
  // Cuts the file or lengthens it with zeros.
  void resize(std::uint64_t bytes);

  void sync();
  // What was not synced is on the disk or not, is taken for clean, and may leave the cache.
  void fail_sync(Dice& dice);
  // The file as the disk has it when the power comes back.
  [[nodiscard]] CachedFile after_power_cut(Dice& dice) const;

 private:
  static constexpr std::size_t kSectors = kPageBytes / kSectorBytes;

  using Page = std::array<char, kPageBytes>;
  using SharedPage = std::shared_ptr<Page>;  // null for zeros

  // The masks have one bit a sector.
  struct Slot {
    SharedPage cached;
    SharedPage durable;
    std::uint8_t dirty = 0;    // the next sync brings the sector to the disk
    std::uint8_t strayed = 0;  // it differs from the disk's and is taken for clean
  };

  static Page& own(SharedPage& page);
  static void copy_sector(const SharedPage& from, SharedPage& to, std::size_t sector);
  static void clear_behind(SharedPage& page, std::size_t bytes);
  // Brings each of the sectors to the disk with this chance; the mask of those that came there.
  static std::uint8_t write_back(Slot& slot, std::uint8_t sectors, std::uint64_t percent,
                                 Dice& dice);
  // The chance that one sector survives, as it may be for a whole file.
  static std::uint64_t pick_survival(Dice& dice);

  void write_page(std::string_view bytes, std::uint64_t offset, Dice& dice);
  // The first `count` changes of the size reach the disk.
  void settle_sizes(std::size_t count);

  std::vector<Slot> slots_;
  std::uint64_t size_ = 0;
  std::uint64_t durable_size_ = 0;
  std::vector<std::uint64_t> unsynced_sizes_;  // oldest first
};

}  // namespace logboom::store
