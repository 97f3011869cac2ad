#include "record/json_record.hpp"

#include "record/json_text.hpp"
#include "record/native_line.hpp"
#include "record/severity.hpp"
#include "record/timestamp.hpp"
#include "record/trace_id.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

namespace logboom::record {
namespace {

constexpr std::string_view kOwnPrefix = "logboom.";
constexpr std::string_view kRenamedPrefix = "\"client.";

constexpr unsigned kRankShift = 48;
constexpr unsigned kNestedShift = 32;

constexpr std::uint64_t make_candidate(KeyMatch match, std::uint64_t nested,
                                       std::uint32_t attribute) noexcept {
  return std::uint64_t{match.rank} << kRankShift | nested << kNestedShift | attribute;
}
const WellKnownKey& key_of(std::uint64_t candidate) noexcept {
  return well_known_key(static_cast<std::uint16_t>(candidate >> kRankShift));
}
std::size_t nested_of(std::uint64_t candidate) noexcept {
  return candidate >> kNestedShift & 0xffff;
}
std::size_t attribute_of(std::uint64_t candidate) noexcept {
  return candidate & 0xffff'ffff;
}

// With a fixed size the comparison is one instruction.
bool has_own_prefix(std::string_view key) noexcept {
  return key.size() >= kOwnPrefix.size() &&
         std::memcmp(key.data(), kOwnPrefix.data(), kOwnPrefix.size()) == 0;
}

bool is_string(std::string_view json) noexcept {
  return json[0] == '"';
}
bool is_number(std::string_view json) noexcept {
  return json[0] == '-' || is_digit(json[0]);
}

std::string_view inner(std::string_view json_string) noexcept {
  return json_string.substr(1, json_string.size() - 2);
}

// Writes an attribute of JSON where it will stay: copying one just made would stall the processor.
void append(arena::ArenaVector<Attribute>& attributes, std::string_view key,
            std::string_view value) {
  attributes.resize_uninitialized(attributes.size() + 1);
  Attribute& attribute = attributes.back();
  attribute.key.kind = Value::Kind::json;
  attribute.key.bytes = key;
  attribute.value.kind = Value::Kind::json;
  attribute.value.bytes = value;
}

// Blanks a member and one comma beside it in an object's text, which ends with its brace.
void blank_member(char* object, std::size_t begin, std::size_t end) noexcept {
  std::memset(object + begin, ' ', end - begin);
  std::size_t at = end;
  while (JsonScanner::is_space(object[at])) ++at;
  if (object[at] != ',') {
    at = begin - 1;
    while (JsonScanner::is_space(object[at])) --at;
  }
  if (object[at] == ',') object[at] = ' ';
}

}  // namespace

JsonVerdict JsonRecordParser::parse(std::string_view text, LogRecord& record) {
  const JsonVerdict verdict = gather(text, options_.depth_max);
  if (verdict.fault == JsonFault::too_deep) [[unlikely]]
    return parse_deep(text, verdict, record);
  if (!verdict.valid()) return verdict;
  std::construct_at(&record);  // in place, where assignment would copy
  if (!has_origin_ || !read_native(record)) map_fields(record);
  return verdict;
}

// Whether a line is native shows only at its end. If that is not there yet, neither is the verdict.
JsonVerdict JsonRecordParser::parse_deep(std::string_view text, const JsonVerdict& too_deep,
                                         LogRecord& record) {
  const JsonVerdict verdict = gather(text, options_.depth_max + kNativeDepthSlack);
  if (verdict.fault == JsonFault::incomplete) return verdict;
  const bool native = verdict.valid() && has_origin_ && read_native(record);
  return native ? verdict : too_deep;
}

JsonVerdict JsonRecordParser::gather(std::string_view text, std::size_t depth_max) {
  begin();
  JsonScanner scanner(text, depth_max > 0 ? depth_max - 1 : 0);
  // Outlives the request: the next one is often of the same sender.
  thread_local ExpectedKeys keys;
  std::size_t place = 0;
  const ExpectedKey* expected = nullptr;
  const auto skip_key = [&](JsonMember& member) {
    expected = keys.at(place);
    if (expected != nullptr && expected->skip(scanner, member.key)) return true;
    expected = nullptr;
    if (!scanner.skip_key(member.key)) return false;
    member.key_has_escapes = scanner.string_has_escapes();
    return true;
  };
  const bool valid = for_each_member(scanner, skip_key, [&](const JsonMember& member) {
    if (expected != nullptr) {
      add_known(member, member.key_inner(), expected->match());
    } else {
      add(member, place, keys);
    }
    ++place;
  });
  const auto position = static_cast<std::size_t>(scanner.at() - text.data());
  return {valid ? JsonFault::none : scanner.fault(), position};
}

bool JsonRecordParser::read_native(LogRecord& record) {
  const NativeSpace space{native_attributes_, resource_,
                          options_.attributes_max + kNativeAttributesSlack,
                          options_.depth_max + kNativeDepthSlack};
  return read_native_line(attributes_.span(), space, record);
}

void JsonRecordParser::begin() noexcept {
  attributes_.clear();
  best_.fill(kNone);
  loser_count_ = 0;
  nested_count_ = 0;
  blanked_count_ = 0;
  has_origin_ = false;
  taken_out_ = false;
}

void JsonRecordParser::add(const JsonMember& member, std::size_t place, ExpectedKeys& expected) {
  std::string_view meaning = member.key_inner();
  if (member.key_has_escapes) [[unlikely]] {
    auto room = arena_->create_span_uninitialized<char>(meaning.size());
    meaning = {room.data(), unescape(meaning, room.data())};
  }
  if (has_own_prefix(meaning)) [[unlikely]] {
    return add_known({renamed_key(member.key), false, member.value}, meaning, {});
  }
  const KeyMatch match = find_well_known(meaning);
  if (!member.key_has_escapes) expected.expect(place, member.key, match);
  add_known(member, meaning, match);
}

// Stops gathering when the limit is passed for certain: each field takes one attribute at most.
// All that a native line has at the top is gathered whatever the limit.
void JsonRecordParser::add_known(const JsonMember& member, std::string_view meaning,
                                 KeyMatch match) {
  static_assert(kNativeFields >= kFieldTargets);
  if (attributes_.size() > options_.attributes_max + kNativeFields) return;
  const auto index = static_cast<std::uint32_t>(attributes_.size());
  append(attributes_, member.key, member.value);
  if (!match) return;
  const Target target = match.key->target;
  if (target == Target::origin) {
    has_origin_ = true;
    return;
  }
  const bool nested =
      match.key->parent && member.value[0] == '{' && add_nested(meaning, member.value, index);
  if (!nested && target != Target::parent) {
    add_candidate(target, make_candidate(match, 0, index));
  }
}

std::string_view JsonRecordParser::renamed_key(std::string_view key) {
  const std::string_view rest = key.substr(1);
  auto renamed = arena_->create_span_uninitialized<char>(kRenamedPrefix.size() + rest.size());
  std::memcpy(renamed.data(), kRenamedPrefix.data(), kRenamedPrefix.size());
  std::memcpy(renamed.data() + kRenamedPrefix.size(), rest.data(), rest.size());
  return {renamed.data(), renamed.size()};
}

// Looks for well-known keys in an object under `prefix`; false if there is none.
bool JsonRecordParser::add_nested(std::string_view prefix, std::string_view object,
                                  std::uint32_t attribute) {
  const std::size_t before = nested_count_;
  const char* const whole = attributes_[attribute].value.bytes.data();
  JsonScanner scanner(object, options_.depth_max);
  const bool valid = for_each_member(scanner, [&](const JsonMember& member) {
    char path[kWellKnownBytesMax];
    const std::string_view key = member.key_inner();
    const std::size_t bytes = prefix.size() + 1 + key.size();
    if (bytes > sizeof(path) || nested_count_ == kNestedMax) return;
    std::memcpy(path, prefix.data(), prefix.size());
    path[prefix.size()] = '.';
    std::memcpy(path + prefix.size() + 1, key.data(), key.size());
    const KeyMatch match = find_well_known({path, bytes});
    if (!match) return;
    if (match.key->target == Target::parent) {
      if (member.value[0] == '{') add_nested(match.key->name, member.value, attribute);
      return;
    }
    const char* const end = member.value.data() + member.value.size();
    if (nested_.empty()) nested_ = arena_->create_span_uninitialized<Nested>(kNestedMax);
    nested_[nested_count_++] = {member.value, static_cast<std::size_t>(member.key.data() - whole),
                                static_cast<std::size_t>(end - member.key.data())};
    add_candidate(match.key->target, make_candidate(match, nested_count_, attribute));
  });
  return valid && nested_count_ > before;
}

void JsonRecordParser::add_candidate(Target target, Candidate candidate) noexcept {
  Candidate& best = best_[static_cast<std::size_t>(target)];
  const Candidate loser = std::max(best, candidate);
  best = std::min(best, candidate);
  if (loser != kNone && loser_count_ < losers_.size()) losers_[loser_count_++] = loser;
}

std::string_view JsonRecordParser::value_of(Candidate candidate) const noexcept {
  const std::size_t nested = nested_of(candidate);
  return nested == 0 ? attributes_[attribute_of(candidate)].value.bytes : nested_[nested - 1].value;
}

void JsonRecordParser::map_fields(LogRecord& record) {
  resource_.clear();
  for (std::size_t target = 0; target < kFieldTargets; ++target) {
    Candidate candidate = best_[target];
    while (candidate != kNone) {
      const Reading reading = read(candidate, record);
      if (reading == Reading::moved) take_out(candidate);
      if (reading != Reading::unreadable) break;
      candidate = next_candidate(static_cast<Target>(target));
    }
  }
  record.attributes = attributes_.span().first(compact());
  record.resource = resource_.span();
}

// The best of the target's candidates not yet tried, or kNone.
JsonRecordParser::Candidate JsonRecordParser::next_candidate(Target target) noexcept {
  Candidate best = kNone;
  std::size_t best_at = 0;
  for (std::size_t i = 0; i < loser_count_; ++i) {
    if (key_of(losers_[i]).target != target || losers_[i] > best) continue;
    best = losers_[i];
    best_at = i;
  }
  if (best != kNone) losers_[best_at] = losers_[--loser_count_];
  return best;
}

JsonRecordParser::Reading JsonRecordParser::read(Candidate candidate, LogRecord& record) {
  const WellKnownKey& key = key_of(candidate);
  const std::string_view value = value_of(candidate);
  switch (key.target) {
    case Target::time: return read_time(key, value, record);
    case Target::body: return read_body(value, record);
    case Target::severity: return read_severity(key, value, record);
    case Target::severity_number: return read_severity_number(value, record);
    case Target::service:
    case Target::host: return read_resource(key, value);
    case Target::trace_id:
    case Target::span_id: return read_id(key, value, record);
    case Target::origin:
    case Target::parent: break;
  }
  return Reading::unreadable;
}

// The text of a short string, or empty if it is something else or too long for what it should be.
// Valid until the next call.
std::string_view JsonRecordParser::short_text(std::string_view json) noexcept {
  if (!is_string(json) || json.size() > kTextBytesMax + 2) return {};
  const std::string_view text = inner(json);
  const char* const end = text.data() + text.size();
  if (find_string_special(text.data(), end) == end) return text;
  return {text_, unescape(text, text_)};
}

JsonRecordParser::Reading JsonRecordParser::read_body(std::string_view value, LogRecord& record) {
  if (value == "null") return Reading::unreadable;
  record.body = Value::json(value);
  return Reading::moved;
}

JsonRecordParser::Reading JsonRecordParser::read_time(const WellKnownKey& key,
                                                      std::string_view value, LogRecord& record) {
  TimeUnit unit = TimeUnit::guess;
  if (key.form == KeyForm::microseconds) unit = TimeUnit::microseconds;
  if (key.form == KeyForm::nanoseconds) unit = TimeUnit::nanoseconds;
  const ParsedTime time = is_number(value)
                              ? parse_time_number(value, unit)
                              : parse_time_text(short_text(value), unit, options_.now_ns);
  if (!time.present()) return Reading::unreadable;
  record.timestamp_ns = time.ns;
  return time.exact ? Reading::moved : Reading::copied;
}

// A word is the sender's text and is kept as that; a number would be lost in the translation.
JsonRecordParser::Reading JsonRecordParser::read_severity(const WellKnownKey& key,
                                                          std::string_view value,
                                                          LogRecord& record) {
  const SeverityScale scale =
      key.form == KeyForm::syslog ? SeverityScale::logger_syslog : SeverityScale::logger;
  const bool number = is_number(value);
  const std::uint8_t severity =
      number ? severity_from_digits(value, scale) : severity_from_word(short_text(value), scale);
  if (severity == kSeverityAbsent) return Reading::unreadable;
  record.severity_number = severity;
  if (number) return Reading::copied;
  record.severity_text = Value::json(value);
  return Reading::moved;
}

// Overrides what a word said.
JsonRecordParser::Reading JsonRecordParser::read_severity_number(std::string_view value,
                                                                 LogRecord& record) {
  const std::uint8_t number = severity_from_digits(value, SeverityScale::open_telemetry);
  if (number == kSeverityAbsent) return Reading::unreadable;
  record.severity_number = number;
  return Reading::moved;
}

JsonRecordParser::Reading JsonRecordParser::read_id(const WellKnownKey& key, std::string_view value,
                                                    LogRecord& record) {
  const bool decimal = key.form == KeyForm::decimal;
  std::string_view text = decimal && is_number(value) ? value : short_text(value);
  if (key.form == KeyForm::after_slash && is_string(value)) {
    text = inner(value);
    text.remove_prefix(text.rfind('/') + 1);  // npos + 1 is 0: no slash, nothing to remove
  }
  char room[kTraceIdDigits];
  const IdForm form = decimal ? IdForm::decimal : IdForm::hexadecimal;
  const bool trace = key.target == Target::trace_id;
  std::string_view id =
      trace ? normalise_trace_id(text, form, room) : normalise_span_id(text, form, room);
  if (id.empty()) return Reading::unreadable;
  if (id.data() == room || id.data() == text_) id = arena_->copy(id);
  (trace ? record.trace_id : record.span_id) = id;
  return key.form == KeyForm::after_slash ? Reading::copied : Reading::moved;
}

JsonRecordParser::Reading JsonRecordParser::read_resource(const WellKnownKey& key,
                                                          std::string_view value) {
  if (!is_string(value) || value.size() <= 2) return Reading::unreadable;
  const bool service = key.target == Target::service;
  append(resource_, service ? "\"service.name\"" : "\"host.name\"", value);
  return key.form == KeyForm::weak ? Reading::copied : Reading::moved;
}

void JsonRecordParser::take_out(Candidate candidate) {
  taken_out_ = true;
  const std::size_t nested = nested_of(candidate);
  if (nested == 0) {
    attributes_[attribute_of(candidate)].key.kind = Value::Kind::absent;
    return;
  }
  const Nested& place = nested_[nested - 1];
  char* const object = blanked_object(attribute_of(candidate)).data();
  blank_member(object, place.member_offset, place.member_offset + place.member_bytes);
}

std::span<char> JsonRecordParser::blanked_object(std::size_t attribute) {
  for (std::size_t i = 0; i < blanked_count_; ++i) {
    if (blanked_[i].attribute == attribute) return blanked_[i].object;
  }
  const std::string_view original = attributes_[attribute].value.bytes;
  const auto copy = arena_->create_span_uninitialized<char>(original.size());
  std::memcpy(copy.data(), original.data(), original.size());
  if (blanked_.empty()) blanked_ = arena_->create_span_uninitialized<Blanked>(kFieldTargets);
  blanked_[blanked_count_++] = {attribute, copy};
  return copy;
}

// Gives the objects that lost members their new text, and takes out those left empty.
void JsonRecordParser::close_blanks() noexcept {
  for (std::size_t i = 0; i < blanked_count_; ++i) {
    char* const text = blanked_[i].object.data();
    const char* const end = minify({text, blanked_[i].object.size()}, text);
    const std::string_view left(text, static_cast<std::size_t>(end - text));
    Attribute& attribute = attributes_[blanked_[i].attribute];
    attribute.value.bytes = left;
    if (left == "{}") attribute.key.kind = Value::Kind::absent;
  }
}

// Closes the gaps that fields left; returns how many attributes remain.
std::size_t JsonRecordParser::compact() noexcept {
  if (!taken_out_) return attributes_.size();
  close_blanks();
  std::size_t kept = 0;
  for (const Attribute& attribute : attributes_) {
    if (attribute.key.kind != Value::Kind::absent) attributes_[kept++] = attribute;
  }
  return kept;
}

}  // namespace logboom::record
