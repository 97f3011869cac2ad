#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "arena/arena.hpp"
#include "record/log_record.hpp"
#include "record/well_known_keys.hpp"

namespace logboom::record {

// Fills a record's fields from the values of well-known keys, by the rules of docs/record.md.
// One io thread; allocates only from the arena. What it writes are views into the values and the
// arena, but for the resource, which begin() takes back.
class FieldReader {
 public:
  // A value as its sender wrote it.
  struct Written {
    std::string_view value;
    bool has_escapes = false;  // of a string
  };

  // What became of it: only `moved` takes it out of the attributes.
  enum class Reading : std::uint8_t { unreadable, moved, copied };

  // `now_ns` gives times without a year theirs.
  FieldReader(arena::Arena& arena, std::int64_t now_ns) noexcept
      : arena_(&arena), now_ns_(now_ns), resource_(arena) {}

  // Before the first field of a record.
  void begin() noexcept { resource_.clear(); }
  // Reads the field that the key stands for, if the value can be read as the key promises.
  [[nodiscard]] Reading read(const WellKnownKey& key, const Written& written, LogRecord& record);
  // What keys of the resource have said since begin().
  [[nodiscard]] std::span<const Attribute> resource() const noexcept { return resource_.span(); }

 private:
  static constexpr std::size_t kTextBytesMax = 64;  // longer times, levels and ids are unreadable

  [[nodiscard]] Reading read_time(const WellKnownKey& key, const Written& written,
                                  LogRecord& record);
  [[nodiscard]] Reading read_body(std::string_view value, LogRecord& record);
  [[nodiscard]] Reading read_severity(const WellKnownKey& key, const Written& written,
                                      LogRecord& record);
  [[nodiscard]] Reading read_severity_number(std::string_view value, LogRecord& record);
  [[nodiscard]] Reading read_resource(const WellKnownKey& key, std::string_view value);
  [[nodiscard]] Reading read_id(const WellKnownKey& key, const Written& written, LogRecord& record);
  [[nodiscard]] std::string_view short_text(const Written& written) noexcept;

  arena::Arena* arena_;
  std::int64_t now_ns_;
  arena::ArenaVector<Attribute> resource_;
  char text_[kTextBytesMax];
};

}  // namespace logboom::record
