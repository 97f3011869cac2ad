#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/format.hpp"
#include "tests/crash/dice.hpp"

namespace logboom::store {

// What cannot make something stored go away.
enum class Survives : std::uint8_t { nothing, kill, power_cut };

// One request of a simulated client, and what is known of its fate. It is named by its place in the
// order in which requests were made.
struct Request {
  std::uint32_t producer = 0;
  std::vector<std::uint32_t> text_bytes;  // one a record
  std::uint32_t refused = 0;              // records that its handler refused
  std::uint64_t above_seq = 0;            // numbers up to it were in use when the request was made

  Survives survives = Survives::nothing;
  Survives refused_survive = Survives::nothing;
  const char* banned = nullptr;  // why it must not be found, if it must not
  std::uint64_t first_seq = 0;   // once somebody has seen it

  [[nodiscard]] std::uint32_t records() const noexcept {
    return static_cast<std::uint32_t>(text_bytes.size());
  }
};

// A request of a random size, all but its `above_seq`.
[[nodiscard]] Request random_request(std::uint32_t producer, Dice& dice);

// The text of one of its records, which no other record has, and its times.
[[nodiscard]] std::string record_text(std::uint32_t id, const Request& request,
                                      std::uint32_t record);
[[nodiscard]] RecordTimes record_times(std::uint32_t id, std::uint32_t record);
// What a reader is to be given for it.
[[nodiscard]] std::string record_line_with_seq(std::uint32_t id, const Request& request,
                                               std::uint32_t record, std::uint64_t seq);
// The raw bytes of one of its refused records.
[[nodiscard]] std::string refused_text(std::uint32_t id, std::uint32_t record);

// Which record a line says that it is.
struct RecordName {
  std::uint32_t request = 0;
  std::uint32_t record = 0;
};
// False if it is no line of any record.
[[nodiscard]] bool read_name(std::string_view line, RecordName& name);

}  // namespace logboom::store
