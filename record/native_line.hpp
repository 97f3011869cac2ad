#pragma once

#include <cstddef>
#include <span>

#include "arena/arena.hpp"
#include "record/json_text.hpp"
#include "record/log_record.hpp"

namespace logboom::record {

// What a stored line may have beyond the limits its record was held to. An object is one level
// deeper under `attributes`; cutting a body adds an attribute; a byte of text takes up to six when
// it is escaped, and the line has fields that no sender wrote. The rest is reserve.
inline constexpr std::size_t kNativeDepthSlack = 2;
inline constexpr std::size_t kNativeAttributesSlack = 8;
inline constexpr std::size_t kNativeBytesFactor = kEscapedBytesMax;
inline constexpr std::size_t kNativeBytesSlack = 64 * 1024;

// The fields that a line can have: with `_seq` and `_src`, each at most once.
inline constexpr std::size_t kNativeFields = 14;

// Where a native line's attributes and resource go; both are cleared first. Of more than
// `attributes_max` it gathers one more than that, so that the caller sees that there are too many.
struct NativeSpace {
  arena::ArenaVector<Attribute>& attributes;
  arena::ArenaVector<Attribute>& resource;
  std::size_t attributes_max = 0;
  std::size_t depth_max = 0;
};

// Reads the members of a stored line back into a record, all but `_seq` and `_src`: the former is
// the reader's, the latter a new request's. True only if every member is one that stored lines
// have, in its form and at most once; then the record is `native`. Else it is left as it was.
[[nodiscard]] bool read_native_line(std::span<const Attribute> members, const NativeSpace& space,
                                    LogRecord& record);

}  // namespace logboom::record
