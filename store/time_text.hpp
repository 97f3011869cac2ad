#pragma once

#include <cstddef>
#include <cstdint>

namespace logboom::store {

// The length of what write_time() writes: 2026-01-02T03:04:05.678901234Z.
inline constexpr std::size_t kTimeBytes = 30;

// Writes nanoseconds since the Unix epoch, any but kNoTime, as RFC 3339 in UTC with nine digits of
// fraction; returns out + kTimeBytes.
char* write_time(std::int64_t ns, char* out) noexcept;

}  // namespace logboom::store
