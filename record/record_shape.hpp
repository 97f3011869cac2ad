#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "record/json_scanner.hpp"
#include "record/well_known_keys.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace logboom::record {

// The key that stood at the same place in the record before, with what it is known to mean: the
// records of one sender mostly have the same keys in the same order, and comparing one costs less
// than scanning and looking it up. Only keys that are short, free of escapes and touch their colon.
class ExpectedKey {
 public:
  // begins() looks at so many bytes.
  static constexpr std::size_t kBytesMax = 32;

  // Whether the text begins with this key and its colon. kBytesMax bytes are readable.
  [[nodiscard]] bool begins(const char* at) const noexcept {
#if defined(__SSE2__)
    const std::uint64_t equal = equal_bytes(at, text_) | equal_bytes(at + 16, text_ + 16) << 16;
    return (~equal & needed_) == 0;
#else
    return bytes_ != 0 && std::memcmp(at, text_, bytes_) == 0;
#endif
  }
  // Whether it is this one; `key` has its quotes.
  [[nodiscard]] bool is(std::string_view key) const noexcept {
    return key.size() + 1 == bytes_ && std::memcmp(text_, key.data(), key.size()) == 0;
  }
  // With the quotes and the colon.
  [[nodiscard]] std::size_t bytes() const noexcept {
    return bytes_;
  }
  [[nodiscard]] KeyMatch match() const noexcept {
    return {known_, rank_};
  }

  // `key` has its quotes, and white space and a colon behind it.
  // False if it is one that cannot be expected.
  bool expect(std::string_view key, const KeyMatch& match) noexcept {
    const bool fits = key.size() < kBytesMax && key.data()[key.size()] == ':';
    bytes_ = static_cast<std::uint8_t>(fits ? key.size() + 1 : 0);
    known_ = match.key;
    rank_ = match.rank;
    std::memcpy(text_, key.data(), bytes_);
    needed_ = fits ? (std::uint64_t{1} << bytes_) - 1 : kNever;
    return fits;
  }

 private:
#if defined(__SSE2__)
  // A bit for each of sixteen bytes that are the same.
  [[nodiscard]] static std::uint64_t equal_bytes(const char* a, const char* b) noexcept {
    const auto load = [](const char* at) {
      return _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(at)));
    };
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(load(a), load(b))));
  }
#endif

  // A bit that no comparison sets.
  static constexpr std::uint64_t kNever = std::uint64_t{1} << kBytesMax;

  char text_[kBytesMax] = {};            // the key with its quotes and the colon
  std::uint64_t needed_ = kNever;        // a bit for each of its bytes
  const WellKnownKey* known_ = nullptr;  // or null
  std::uint16_t rank_ = 0;
  std::uint8_t bytes_ = 0;  // 0 for a key that cannot be expected
};

// How the record before looked: its keys by their place, and, if that was all there was to it, what
// became of each member. A record that looks the same needs no mapping of its own. One thread.
class RecordShape {
 public:
  // Keys further behind are looked up each time, and records with more of them are mapped.
  static constexpr std::size_t kPlaces = 16;
  static constexpr std::uint8_t kNoField = 0xff;

  struct Member {
    ExpectedKey key;
    std::uint8_t field = kNoField;  // which of fields() it is read as
    bool stays = true;              // it is an attribute
    char closer = ',';              // what stands behind the value
  };
  // A field that was read, in that order.
  struct Field {
    const WellKnownKey* key = nullptr;
    bool stays = true;  // its member is an attribute, too
  };

  // The keys from a place on; none if it is further behind.
  [[nodiscard]] std::span<const Member> from(std::size_t place) const noexcept {
    return std::span(members_).first(count_).subspan(std::min(place, count_));
  }
  // What stands at a place now. False if it cannot be expected again.
  bool expect(std::size_t place, std::string_view key, const KeyMatch& match) noexcept {
    settled_ = 0;
    if (place > count_ || place == kPlaces) return false;
    if (place == count_) ++count_;
    return members_[place].key.expect(key, match);
  }

  // Says that a record of the first `members` keys was mapped, each field from a member of its own,
  // which settle_field() names next in the order in which they are read.
  void settle(std::size_t members) noexcept {
    settled_ = members;
    field_count_ = 0;
    for (std::size_t i = 0; i < members; ++i) {
      members_[i].field = kNoField;
      members_[i].stays = true;
      members_[i].closer = i + 1 == members ? '}' : ',';
    }
  }
  void settle_field(std::size_t place, bool stays) noexcept {
    members_[place].field = field_count_;
    members_[place].stays = stays;
    fields_[field_count_++] = {members_[place].key.match().key, stays};
  }

  // The members of a record of this shape, all of them. None if the record before was mapped
  // otherwise, or if it has not been worth trying of late.
  [[nodiscard]] std::span<const Member> settled() noexcept {
    if (pause_ == 0) return std::span(members_).first(settled_);
    --pause_;
    return {};
  }
  [[nodiscard]] std::span<const Field> fields() const noexcept {
    return std::span(fields_).first(field_count_);
  }
  // Whether the record tried last was of this shape. The more in a row were not, the more of those
  // that follow are not tried.
  void tried(bool fits) noexcept {
    pause_ = fits ? 0 : next_pause_;
    next_pause_ = fits ? 0 : std::min(next_pause_ * 2 + 1, kPauseMax);
  }

 private:
  static constexpr unsigned kPauseMax = 63;

  std::size_t count_ = 0;
  std::size_t settled_ = 0;
  unsigned pause_ = 0;
  unsigned next_pause_ = 0;
  std::uint8_t field_count_ = 0;
  std::array<Field, kFieldTargets> fields_;
  std::array<Member, kPlaces> members_;
};

}  // namespace logboom::record
