#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "record/json_scanner.hpp"
#include "record/well_known_keys.hpp"

namespace logboom::record {

// The key that stood at the same place in the record before, with what it is known to mean: the
// records of one sender mostly have the same keys in the same order, and comparing one costs less
// than scanning and looking it up. Only keys that are short, free of escapes and touch their colon.
// Nothing is set before expect().
class ExpectedKey {
 public:
  // Skips the key and its colon if it is this one; else nothing.
  [[nodiscard]] bool skip(JsonScanner& scanner, std::string_view& key) const noexcept {
    if (bytes_ == 0 || scanner.bytes_left() < kBytesMax) return false;
    std::uint64_t differs = 0;
    for (std::size_t i = 0; i < kWords; ++i) {
      std::uint64_t word = 0;
      std::memcpy(&word, scanner.at() + i * sizeof word, sizeof word);
      differs |= (word ^ words_[i]) & masks_[i];
    }
    if (differs != 0) return false;
    key = {scanner.at(), std::size_t{bytes_} - 1};
    scanner.take(bytes_);
    scanner.skip_space();
    return true;
  }
  [[nodiscard]] KeyMatch match() const noexcept { return {known_, rank_}; }

  // `key` has its quotes, and white space and a colon behind it.
  void expect(std::string_view key, const KeyMatch& match) noexcept {
    const bool fits = key.size() < kBytesMax && key.data()[key.size()] == ':';
    bytes_ = static_cast<std::uint8_t>(fits ? key.size() + 1 : 0);
    known_ = match.key;
    rank_ = match.rank;
    words_.fill(0);
    masks_.fill(0);
    std::memcpy(words_.data(), key.data(), bytes_);
    std::memset(masks_.data(), 0xff, bytes_);
  }

 private:
  static constexpr std::size_t kWords = 3;
  static constexpr std::size_t kBytesMax = kWords * sizeof(std::uint64_t);

  std::array<std::uint64_t, kWords> words_;  // the key with its quotes and the colon
  std::array<std::uint64_t, kWords> masks_;
  const WellKnownKey* known_;  // or null
  std::uint16_t rank_;
  std::uint8_t bytes_;  // 0 for a key that cannot be expected
};

// Those of a record, by their place in it. One thread.
class ExpectedKeys {
 public:
  // Keys further behind are looked up each time.
  static constexpr std::size_t kPlaces = 16;

  // Or null.
  [[nodiscard]] const ExpectedKey* at(std::size_t place) const noexcept {
    return place < count_ ? &keys_[place] : nullptr;
  }
  void expect(std::size_t place, std::string_view key, const KeyMatch& match) noexcept {
    if (place > count_ || place == kPlaces) return;
    keys_[place].expect(key, match);
    if (place == count_) ++count_;
  }

 private:
  std::size_t count_ = 0;
  std::array<ExpectedKey, kPlaces> keys_;
};

}  // namespace logboom::record
