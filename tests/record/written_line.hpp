#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <vector>

#include "record/line_writer.hpp"

namespace logboom::record {

// The line of a record, written into exactly as much memory as the contract asks for.
inline std::string written_line(const LogRecord& record) {
  std::vector<char> room(line_bytes_max(record));
  const WrittenLine line = write_line(record, room.data());
  assert(line.bytes <= room.size());
  return std::string(room.data(), line.bytes);
}

}  // namespace logboom::record
