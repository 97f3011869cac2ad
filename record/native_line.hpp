#pragma once

#include <cstddef>
#include <span>

#include "arena/arena.hpp"
#include "record/log_record.hpp"

namespace logboom::record {

// Where a native line's attributes and resource go; both are cleared first. Of more than
// `attributes_max` it gathers one more than that, so that the caller sees that there are too many.
struct NativeSpace {
  arena::ArenaVector<Attribute>& attributes;
  arena::ArenaVector<Attribute>& resource;
  std::size_t attributes_max = 0;
  std::size_t depth_max = 0;
};

// Reads the members of a line that write_line() wrote back into a record, all but `_seq` and
// `_src`: the former is the reader's, the latter a new request's. True only if every member is
// one that write_line() writes, in its form and at most once; else `record` is left as it was.
[[nodiscard]] bool read_native_line(std::span<const Attribute> members, const NativeSpace& space,
                                    LogRecord& record);

}  // namespace logboom::record
