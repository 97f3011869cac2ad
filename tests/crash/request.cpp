#include "tests/crash/request.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "tests/support/line_start.hpp"

namespace logboom::store {

namespace {

constexpr std::string_view kRequestKey = ",\"request\":";
constexpr std::string_view kRecordKey = ",\"record\":";

constexpr std::size_t kTextBytesMax = 128 * 1024;

// Letters out of which each record takes a piece of its own.
const std::string& letters() {
  static const std::string text = [] {
    Dice dice(7);
    std::string made(2 * kTextBytesMax, ' ');
    for (char& letter : made) letter = static_cast<char>('a' + dice.below(26));
    return made;
  }();
  return text;
}

std::uint32_t random_bytes(Dice& dice) {
  const std::uint64_t kind = dice.below(100);
  if (kind < 90) return static_cast<std::uint32_t>(dice.below(200));
  return static_cast<std::uint32_t>(dice.below(kind < 99 ? 5000 : kTextBytesMax));
}

void append_start(std::string& line, std::uint32_t id, const Request& request,
                  std::uint32_t record) {
  const std::size_t from = Dice(id * std::uint64_t{64} + record).below(kTextBytesMax);
  fmt::format_to(std::back_inserter(line), "{}{}{}{},\"text\":\"{}\"", kRequestKey, id, kRecordKey,
                 record, std::string_view(letters()).substr(from, request.text_bytes[record]));
}

bool take_number(std::string_view& line, std::string_view key, std::uint32_t& number) {
  if (!line.starts_with(key)) return false;
  line.remove_prefix(key.size());
  const auto parsed = std::from_chars(line.data(), line.data() + line.size(), number);
  line.remove_prefix(static_cast<std::size_t>(parsed.ptr - line.data()));
  return parsed.ec == std::errc{};
}

}  // namespace

Request random_request(std::uint32_t producer, Dice& dice) {
  Request request;
  request.producer = producer;
  const bool refuses = dice.chance(10);
  const bool refuses_all = refuses && dice.chance(30);
  const std::uint64_t records = dice.chance(70) ? dice.between(1, 3) : dice.between(1, 20);
  for (std::uint64_t i = 0; i < records && !refuses_all; ++i) {
    request.text_bytes.push_back(random_bytes(dice));
  }
  if (refuses) request.refused = static_cast<std::uint32_t>(dice.between(1, 3));
  return request;
}

RecordTimes record_times(std::uint32_t id, std::uint32_t record) {
  constexpr std::int64_t kStep = 1'234'567'890'123;
  const std::int64_t observed_ns = kStep * id;
  return {record % 2 == 0 ? kNoTime : observed_ns - kStep * record, observed_ns};
}

std::string record_text(std::uint32_t id, const Request& request, std::uint32_t record) {
  std::string text;
  append_start(text, id, request, record);
  text += '}';
  return text;
}

std::string record_line_with_seq(std::uint32_t id, const Request& request, std::uint32_t record,
                                 std::uint64_t seq) {
  const RecordTimes times = record_times(id, record);
  std::string line = line_start(times.timestamp_ns, times.observed_ns);
  append_start(line, id, request, record);
  fmt::format_to(std::back_inserter(line), ",\"_seq\":{}}}", seq);
  return line;
}

std::string refused_text(std::uint32_t id, std::uint32_t record) {
  return fmt::format("<refused {} of {}>", record, id);
}

bool read_name(std::string_view line, RecordName& name) {
  line.remove_prefix(std::min(line.find(kRequestKey), line.size()));
  return take_number(line, kRequestKey, name.request) && take_number(line, kRecordKey, name.record);
}

}  // namespace logboom::store
