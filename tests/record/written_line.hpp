#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <vector>

#include "record/line_writer.hpp"
#include "tests/support/line_start.hpp"

namespace logboom::record {

// The line of a record as it is stored, but for its number, written into exactly as much memory as
// the contract asks for.
inline std::string written_line(const LogRecord& record) {
  std::vector<char> room(line_bytes_max(record));
  const WrittenLine line = write_line(record, room.data());
  assert(line.bytes <= room.size());
  return line_start(record.timestamp_ns, record.observed_timestamp_ns) +
         std::string(room.data(), line.bytes);
}

}  // namespace logboom::record
