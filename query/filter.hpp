#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/condition.hpp"
#include "query/time.hpp"

namespace re2 {
class RE2;
}

namespace logboom::query {

class JsonLine;

// What a user asks for; every part that is present has to hold.
struct FilterOptions {
  std::optional<std::int64_t> since_ns;  // the record's time is not before
  std::optional<std::int64_t> until_ns;  // and before this
  std::vector<std::string> where;        // conditions, see Condition
  std::string grep;                      // an RE2 expression; empty: none
};

// Decides which stored lines are wanted.
//
// The time of a record is its `timestamp`, else its `observed_timestamp`. A condition's path is
// looked up from the record's root, then in `attributes`, then in `resource`; `level`, `message`,
// `service` and `host` also find the field they commonly mean. An absent field equals nothing, so
// `!=` holds for it. The expression is searched in the line as stored and in a body that is text.
//
// Keeps buffers from line to line, so one thread at a time; in steady state it allocates only for
// conditions.
class Filter {
 public:
  // The error is a sentence about the option at fault.
  static Result<Filter> make(const FilterOptions& options);
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;
  ~Filter();

  // `line` is one stored record without a line break. A line that is not JSON fits no condition
  // and no time, but may fit the expression.
  [[nodiscard]] bool matches(std::string_view line);

 private:
  explicit Filter(const FilterOptions& options);

  bool in_time(std::string_view line);
  bool meets_conditions(std::string_view line);
  bool meets(const Condition& condition);
  bool contains_expression(std::string_view line);

  std::optional<std::int64_t> since_ns_;
  std::optional<std::int64_t> until_ns_;
  std::vector<Condition> conditions_;
  std::unique_ptr<re2::RE2> expression_;
  std::unique_ptr<JsonLine> json_;
};

// The time that --since and --until compare, of a stored line; none if it has none.
[[nodiscard]] std::optional<std::int64_t> line_time(std::string_view line);

}  // namespace logboom::query
