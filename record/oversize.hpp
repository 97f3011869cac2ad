#pragma once

#include <cstddef>

#include "arena/arena.hpp"
#include "record/log_record.hpp"

namespace logboom::record {

// Shortens the record's body, if it is a string, by at least `excess` bytes, at the boundary of a
// character or escape, and adds the attribute `logboom.truncated_bytes`: how many bytes of the
// body as it was sent are missing. If the record has the attribute already, it becomes the sum.
// False, and nothing changed, if the body is not that long.
[[nodiscard]] bool cut_body(LogRecord& record, std::size_t excess, arena::Arena& arena);

}  // namespace logboom::record
