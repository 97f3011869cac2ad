#include "record/well_known_keys.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace logboom::record {
namespace {

using enum Target;

// Within a target the order is the order of preference.
constexpr WellKnownKey kKeys[] = {
    {"@timestamp", time},
    {"_time", time},
    {"timestamp", time},
    {"time", time},
    {"ts", time},
    {"date", time},
    {"datetime", time},
    {"eventTime", time},
    {"_timestamp", time},
    {"timeUnixNano", time, KeyForm::nanoseconds},
    {"event.created", time},
    {"t", time},
    {"asctime", time},
    {"syslog.timestamp", time},
    {"__REALTIME_TIMESTAMP", time, KeyForm::microseconds},

    {"message", body},
    {"msg", body},
    {"_msg", body},
    {"log", body, KeyForm::plain, true},
    {"body", body},
    {"text", body},
    {"short_message", body},
    {"MESSAGE", body},
    {"line", body},
    {"textPayload", body},
    {"event.original", body},

    {"level", severity},
    {"severity", severity, KeyForm::syslog},
    {"log.level", severity},
    {"loglevel", severity},
    {"lvl", severity},
    {"severity_text", severity},
    {"severityText", severity},
    {"priority", severity, KeyForm::syslog},
    {"PRIORITY", severity, KeyForm::syslog},
    {"level_name", severity},
    {"levelname", severity},
    {"detected_level", severity},

    {"severity_number", severity_number},
    {"severityNumber", severity_number},

    {"service.name", service},
    {"service", service, KeyForm::plain, true},
    {"service_name", service},
    {"app", service},
    {"application", service},
    {"app_name", service},
    {"appname", service},
    {"program", service},
    {"programname", service},
    {"SYSLOG_IDENTIFIER", service},
    {"container.name", service},
    {"container_name", service},
    {"job", service},
    {"logger", service, KeyForm::weak},

    {"host.name", host},
    {"host", host, KeyForm::plain, true},
    {"hostname", host},
    {"_HOSTNAME", host},
    {"HOST", host},
    {"agent.hostname", host},
    {"beat.hostname", host},
    {"source_host", host},
    {"k8s.node.name", host},
    {"instance", host},

    {"trace_id", trace_id},
    {"traceId", trace_id},
    {"traceID", trace_id},
    {"traceid", trace_id},
    {"trace.id", trace_id},
    {"otelTraceID", trace_id},
    {"dd.trace_id", trace_id, KeyForm::decimal},
    {"logging.googleapis.com/trace", trace_id, KeyForm::after_slash},

    {"span_id", span_id},
    {"spanId", span_id},
    {"spanID", span_id},
    {"span.id", span_id},
    {"otelSpanID", span_id},
    {"dd.span_id", span_id, KeyForm::decimal},
    {"logging.googleapis.com/spanId", span_id},

    {"_seq", origin},
    {"_src", origin},

    {"event", parent, KeyForm::plain, true},
    {"syslog", parent, KeyForm::plain, true},
    {"container", parent, KeyForm::plain, true},
    {"agent", parent, KeyForm::plain, true},
    {"beat", parent, KeyForm::plain, true},
    {"k8s", parent, KeyForm::plain, true},
    {"k8s.node", parent, KeyForm::plain, true},
    {"trace", parent, KeyForm::plain, true},
    {"span", parent, KeyForm::plain, true},
    {"dd", parent, KeyForm::plain, true},
};

constexpr std::size_t kKeyCount = std::size(kKeys);
constexpr std::size_t kSlots = 1024;
constexpr std::uint16_t kCaseInsensitivePenalty = 256;
static_assert(kKeyCount < kCaseInsensitivePenalty);

// Folds letters' case; it also merges some punctuation, which the comparison tells apart.
constexpr std::uint32_t folded(char byte) noexcept {
  return static_cast<unsigned char>(byte) | 0x20U;
}

// Found by trying random odd numbers until no two keys shared a slot; fill() proves it.
constexpr std::uint32_t kMultiplier = 0x63ca828d;

// Mixes the length and three bytes. The one about two thirds in tells `trace.id` from `trace_id`,
// `service.name` from `service_name` and the like.
constexpr std::size_t slot_of(std::string_view key) noexcept {
  const std::uint32_t mixed = folded(key.front()) | folded(key[key.size() * 21 / 32]) << 8 |
                              folded(key.back()) << 16 |
                              static_cast<std::uint32_t>(key.size()) << 24;
  return mixed * kMultiplier >> 22;
}
static_assert(kSlots == 1U << (32 - 22));

// Compares short keys in two loads of each that may overlap, for a call to memcmp costs more.
bool equal(std::string_view a, std::string_view b) noexcept {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  if (size < 4) {
    return a.front() == b.front() && a[size / 2] == b[size / 2] && a.back() == b.back();
  }
  if (size > 16) return a == b;
  const auto differs = [&]<class Word>(Word) {
    Word words[4];
    std::memcpy(&words[0], a.data(), sizeof(Word));
    std::memcpy(&words[1], b.data(), sizeof(Word));
    std::memcpy(&words[2], a.data() + size - sizeof(Word), sizeof(Word));
    std::memcpy(&words[3], b.data() + size - sizeof(Word), sizeof(Word));
    return ((words[0] ^ words[1]) | (words[2] ^ words[3])) != 0;
  };
  return size < 8 ? !differs(std::uint32_t{}) : !differs(std::uint64_t{});
}

constexpr bool equal_folded(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool letter = folded(a[i]) >= 'a' && folded(a[i]) <= 'z';
    if (letter ? folded(a[i]) != folded(b[i]) : a[i] != b[i]) return false;
  }
  return true;
}

// A perfect hash: each slot names one key, counted from one. Spellings that differ only in case
// share a slot and are linked.
struct Table {
  std::array<std::uint8_t, kSlots> slots{};
  std::array<std::uint8_t, kKeyCount + 1> next_spelling{};
  bool perfect = true;
};

constexpr Table make_table() {
  Table table;
  for (std::size_t i = 0; i < kKeyCount; ++i) {
    std::uint8_t* link = &table.slots[slot_of(kKeys[i].name)];
    table.perfect &= *link == 0 || equal_folded(kKeys[*link - 1U].name, kKeys[i].name);
    while (*link != 0) link = &table.next_spelling[*link];
    *link = static_cast<std::uint8_t>(i + 1);
  }
  return table;
}

constexpr Table kTable = make_table();
static_assert(kTable.perfect);

constexpr std::size_t longest_key() {
  std::size_t longest = 0;
  for (const WellKnownKey& key : kKeys) longest = std::max(longest, key.name.size());
  return longest;
}
static_assert(kWellKnownBytesMax == longest_key());

}  // namespace

KeyMatch find_well_known(std::string_view key) noexcept {
  if (key.empty() || key.size() > kWellKnownBytesMax) return {};
  const std::uint8_t first = kTable.slots[slot_of(key)];
  if (first == 0) return {};
  for (std::uint8_t link = first; link != 0; link = kTable.next_spelling[link]) {
    const WellKnownKey& known = kKeys[link - 1U];
    if (equal(known.name, key)) return {&known, link};
  }
  if (!equal_folded(kKeys[first - 1U].name, key)) return {};
  return {&kKeys[first - 1U], static_cast<std::uint16_t>(first + kCaseInsensitivePenalty)};
}

const WellKnownKey& well_known_key(std::uint16_t rank) noexcept {
  return kKeys[rank % kCaseInsensitivePenalty - 1U];
}

}  // namespace logboom::record
