#include "tests/crash/cached_file.hpp"

#include <algorithm>
#include <cstring>

namespace logboom::store {

namespace {

bool all_zero(std::string_view bytes) noexcept {
  return bytes.front() == '\0' &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

std::size_t in_page(std::uint64_t offset) noexcept {
  return static_cast<std::size_t>(offset % CachedFile::kPageBytes);
}

// The sectors that these bytes of a page touch.
std::uint8_t sectors_of(std::size_t from, std::size_t bytes) noexcept {
  const std::size_t first = from / CachedFile::kSectorBytes;
  const std::size_t last = (from + bytes - 1) / CachedFile::kSectorBytes;
  return static_cast<std::uint8_t>((2u << last) - (1u << first));
}

bool holds(std::uint8_t sectors, std::size_t sector) noexcept {
  return (unsigned{sectors} >> sector & 1u) != 0;
}

}  // namespace

std::size_t CachedFile::read(char* out, std::size_t bytes, std::uint64_t offset) const {
  if (offset >= size_) return 0;
  bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, size_ - offset));
  for (std::size_t done = 0; done < bytes;) {
    const std::uint64_t at = offset + done;
    const std::size_t piece = std::min(bytes - done, kPageBytes - in_page(at));
    const std::size_t index = at / kPageBytes;
    const Page* const page = index < slots_.size() ? slots_[index].cached.get() : nullptr;
    if (page == nullptr) {
      std::memset(out + done, 0, piece);
    } else {
      std::memcpy(out + done, page->data() + in_page(at), piece);
    }
    done += piece;
  }
  return bytes;
}

void CachedFile::write(std::string_view bytes, std::uint64_t offset, Dice& dice) {
  while (!bytes.empty()) {
    const std::size_t piece = std::min(bytes.size(), kPageBytes - in_page(offset));
    write_page(bytes.substr(0, piece), offset, dice);
    bytes.remove_prefix(piece);
    offset += piece;
  }
  if (offset > size_) {
    size_ = offset;
    unsynced_sizes_.push_back(offset);
  }
}

void CachedFile::write_page(std::string_view bytes, std::uint64_t offset, Dice& dice) {
  const std::size_t index = offset / kPageBytes;
  if (index >= slots_.size()) slots_.resize(index + 1);
  Slot& slot = slots_[index];
  const std::uint8_t sectors = sectors_of(in_page(offset), bytes.size());
  // What is overwritten before it was synced may have reached the disk by itself.
  const auto rewritten = static_cast<std::uint8_t>(slot.dirty & sectors);
  if (rewritten != 0) write_back(slot, rewritten, 50, dice);
  slot.dirty = static_cast<std::uint8_t>(slot.dirty | sectors);
  slot.strayed = static_cast<std::uint8_t>(slot.strayed & ~sectors);
  if (slot.cached == nullptr && all_zero(bytes)) return;
  std::memcpy(own(slot.cached).data() + in_page(offset), bytes.data(), bytes.size());
}

void CachedFile::resize(std::uint64_t bytes) {
  if (bytes == size_) return;
  for (std::size_t i = bytes / kPageBytes; i < slots_.size(); ++i) {
    const bool boundary = i == bytes / kPageBytes && in_page(bytes) != 0;
    const std::uint8_t lost =
        sectors_of(boundary ? in_page(bytes) : 0, kPageBytes - (boundary ? in_page(bytes) : 0));
    slots_[i].dirty = static_cast<std::uint8_t>(slots_[i].dirty & ~lost);
    slots_[i].strayed = static_cast<std::uint8_t>(slots_[i].strayed & ~lost);
    clear_behind(slots_[i].cached, boundary ? in_page(bytes) : 0);
    // The kernel zeroes the rest of the last sector and writes it.
    if (boundary && in_page(bytes) % kSectorBytes != 0) {
      const std::uint8_t edge = sectors_of(in_page(bytes), 1);
      slots_[i].dirty = static_cast<std::uint8_t>(slots_[i].dirty | edge);
    }
  }
  size_ = bytes;
  unsynced_sizes_.push_back(bytes);
}

void CachedFile::sync() {
  settle_sizes(unsynced_sizes_.size());
  for (Slot& slot : slots_) {
    if (slot.dirty == 0) continue;
    if (slot.strayed == 0) {
      slot.durable = slot.cached;
    } else {
      for (std::size_t i = 0; i < kSectors; ++i) {
        if (holds(slot.dirty, i)) copy_sector(slot.cached, slot.durable, i);
      }
    }
    slot.dirty = 0;
  }
}

void CachedFile::fail_sync(Dice& dice) {
  settle_sizes(dice.below(unsynced_sizes_.size() + 1));
  const std::uint64_t percent = pick_survival(dice);
  const bool leaves_cache = dice.chance(30);
  for (Slot& slot : slots_) {
    if (slot.dirty == 0) continue;
    const std::uint8_t written = write_back(slot, slot.dirty, percent, dice);
    slot.strayed = static_cast<std::uint8_t>(slot.strayed | (slot.dirty & ~written));
    slot.dirty = 0;
    if (!leaves_cache) continue;
    for (std::size_t i = 0; i < kSectors; ++i) {
      if (holds(slot.strayed, i)) copy_sector(slot.durable, slot.cached, i);
    }
    slot.strayed = 0;
  }
}

CachedFile CachedFile::after_power_cut(Dice& dice) const {
  CachedFile after = *this;
  after.settle_sizes(dice.below(unsynced_sizes_.size() + 1));
  const std::uint64_t percent = pick_survival(dice);
  const std::uint64_t size = after.durable_size_;
  after.slots_.resize(std::min<std::size_t>(after.slots_.size(), size / kPageBytes + 1));
  for (Slot& slot : after.slots_) {
    if (slot.dirty != 0) write_back(slot, slot.dirty, percent, dice);
  }
  if (size / kPageBytes < after.slots_.size()) {
    clear_behind(after.slots_[size / kPageBytes].durable, in_page(size));
  }
  for (Slot& slot : after.slots_) slot = {slot.durable, slot.durable, 0, 0};
  after.size_ = size;
  after.unsynced_sizes_.clear();
  return after;
}

CachedFile::Page& CachedFile::own(SharedPage& page) {
  if (page == nullptr) {
    page = std::make_shared<Page>();
  } else if (page.use_count() > 1) {
    page = std::make_shared<Page>(*page);
  }
  return *page;
}

void CachedFile::copy_sector(const SharedPage& from, SharedPage& to, std::size_t sector) {
  if (from == to) return;
  char* const out = own(to).data() + sector * kSectorBytes;
  if (from == nullptr) {
    std::memset(out, 0, kSectorBytes);
  } else {
    std::memcpy(out, from->data() + sector * kSectorBytes, kSectorBytes);
  }
}

void CachedFile::clear_behind(SharedPage& page, std::size_t bytes) {
  if (page == nullptr) return;
  if (bytes == 0) return page.reset();
  std::memset(own(page).data() + bytes, 0, kPageBytes - bytes);
}

std::uint8_t CachedFile::write_back(Slot& slot, std::uint8_t sectors, std::uint64_t percent,
                                    Dice& dice) {
  std::uint8_t written = 0;
  for (std::size_t i = 0; i < kSectors; ++i) {
    if (!holds(sectors, i) || !dice.chance(percent)) continue;
    copy_sector(slot.cached, slot.durable, i);
    written = static_cast<std::uint8_t>(written | 1u << i);
  }
  return written;
}

std::uint64_t CachedFile::pick_survival(Dice& dice) {
  static constexpr std::array<std::uint64_t, 6> kPercents = {0, 0, 100, 50, 5, 95};
  return kPercents[dice.below(kPercents.size())];
}

void CachedFile::settle_sizes(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t size = unsynced_sizes_[i];
    // Cut off is cut off, even if the file grows again.
    for (std::size_t page = size / kPageBytes; size < durable_size_ && page < slots_.size();
         ++page) {
      clear_behind(slots_[page].durable, page == size / kPageBytes ? in_page(size) : 0);
    }
    durable_size_ = size;
  }
  unsynced_sizes_.erase(unsynced_sizes_.begin(),
                        unsynced_sizes_.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace logboom::store
