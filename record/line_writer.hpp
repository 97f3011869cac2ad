#pragma once

#include <cstddef>

#include "record/log_record.hpp"

namespace logboom::record {

// What was written of a line: its length, and the offset at which a reader inserts `,"_seq":N`.
struct WrittenLine {
  std::size_t bytes = 0;
  std::size_t splice_offset = 0;
};

// An upper bound of what write_line() needs for this record.
[[nodiscard]] std::size_t line_bytes_max(const LogRecord& record) noexcept;

// Writes the record's line from the comma behind its times on, without `_seq` and newline, in the
// field order of docs/record.md, to `out`, which has room for line_bytes_max(record). The store
// keeps times as numbers; its readers write the brace, the times and `_seq`. Allocates nothing.
[[nodiscard]] WrittenLine write_line(const LogRecord& record, char* out) noexcept;

}  // namespace logboom::record
