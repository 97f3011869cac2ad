#include "record/json_record.hpp"

#include "record/json_text.hpp"
#include "record/native_line.hpp"
#include "record/severity.hpp"
#include "record/timestamp.hpp"
#include "record/trace_id.hpp"

#include <bit>
#include <cstring>
#include <utility>

namespace logboom::record {
namespace {

constexpr std::string_view kOwnPrefix = "logboom.";
constexpr std::string_view kRenamedPrefix = "\"client.";

constexpr std::uint32_t bit_of(Target target) noexcept {
  return 1U << static_cast<unsigned>(target);
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
  begin();
  JsonScanner scanner(text, options_.depth_max > 0 ? options_.depth_max - 1 : 0);
  const bool valid = for_each_member(scanner, [this](const JsonMember& member) { add(member); });
  const auto position = static_cast<std::size_t>(scanner.at() - text.data());
  if (!valid) return {scanner.fault(), position};
  record = LogRecord();
  if (!has_origin_ || !read_native(record)) map_fields(record);
  return {JsonFault::none, position};
}

bool JsonRecordParser::read_native(LogRecord& record) {
  const NativeSpace space{native_attributes_, resource_, options_.attributes_max,
                          options_.depth_max};
  return read_native_line(attributes_.span(), space, record);
}

void JsonRecordParser::begin() noexcept {
  attributes_.clear();
  loser_count_ = 0;
  blanked_count_ = 0;
  present_ = 0;
  has_origin_ = false;
  taken_out_ = false;
}

// Stops gathering when the limit is passed for certain: each field takes one attribute at most.
void JsonRecordParser::add(const JsonMember& member) {
  if (attributes_.size() > options_.attributes_max + kFieldTargets) return;
  std::string_view meaning = member.key_inner();
  if (member.key_has_escapes) [[unlikely]] {
    auto room = arena_->create_span_uninitialized<char>(meaning.size());
    meaning = {room.data(), unescape(meaning, room.data())};
  }
  const auto index = static_cast<std::uint32_t>(attributes_.size());
  attributes_.push_back({attribute_key(member, meaning), Value::json(member.value)});
  const KeyMatch match = find_well_known(meaning);
  if (!match) return;
  if (match.key->target == Target::origin) {
    has_origin_ = true;
    return;
  }
  const bool nested =
      match.key->parent && member.value[0] == '{' && add_nested(meaning, member.value, index);
  if (nested || match.key->target == Target::parent) return;
  add_candidate({match.key, match.rank, index, member.value, 0, 0});
}

Value JsonRecordParser::attribute_key(const JsonMember& member, std::string_view meaning) {
  if (!meaning.starts_with(kOwnPrefix)) return Value::json(member.key);
  const std::string_view rest = member.key.substr(1);
  auto renamed = arena_->create_span_uninitialized<char>(kRenamedPrefix.size() + rest.size());
  std::memcpy(renamed.data(), kRenamedPrefix.data(), kRenamedPrefix.size());
  std::memcpy(renamed.data() + kRenamedPrefix.size(), rest.data(), rest.size());
  return Value::json({renamed.data(), renamed.size()});
}

// Looks for well-known keys in an object under `prefix`; false if there is none.
bool JsonRecordParser::add_nested(std::string_view prefix, std::string_view object,
                                  std::uint32_t attribute) {
  bool found = false;
  JsonScanner scanner(object, options_.depth_max);
  const bool valid = for_each_member(scanner, [&](const JsonMember& member) {
    char path[kWellKnownBytesMax];
    const std::string_view key = member.key_inner();
    const std::size_t bytes = prefix.size() + 1 + key.size();
    if (bytes > sizeof(path)) return;
    std::memcpy(path, prefix.data(), prefix.size());
    path[prefix.size()] = '.';
    std::memcpy(path + prefix.size() + 1, key.data(), key.size());
    const KeyMatch match = find_well_known({path, bytes});
    if (!match) return;
    if (match.key->target == Target::parent) {
      if (member.value[0] == '{' && add_nested(match.key->name, member.value, attribute)) {
        found = true;
      }
      return;
    }
    const char* const whole = attributes_[attribute].value.bytes.data();
    const char* const end = member.value.data() + member.value.size();
    add_candidate({match.key, match.rank, attribute, member.value,
                   static_cast<std::size_t>(member.key.data() - whole),
                   static_cast<std::size_t>(end - member.key.data())});
    found = true;
  });
  return valid && found;
}

void JsonRecordParser::add_candidate(Candidate candidate) noexcept {
  const Target target = candidate.key->target;
  Candidate& best = best_[static_cast<std::size_t>(target)];
  if ((present_ & bit_of(target)) == 0) {
    present_ |= bit_of(target);
    best = candidate;
    return;
  }
  if (candidate.rank < best.rank) std::swap(candidate, best);
  if (loser_count_ < losers_.size()) losers_[loser_count_++] = candidate;
}

void JsonRecordParser::map_fields(LogRecord& record) {
  resource_.clear();
  for (std::uint32_t left = present_; left != 0; left &= left - 1) {
    const auto target = static_cast<Target>(std::countr_zero(left));
    Candidate candidate = best_[static_cast<std::size_t>(target)];
    do {
      const Reading reading = read(candidate, record);
      if (reading == Reading::moved) take_out(candidate);
      if (reading != Reading::unreadable) break;
    } while (next_candidate(target, candidate));
  }
  record.attributes = attributes_.span().first(compact());
  record.resource = resource_.span();
}

// The best of the target's candidates not yet tried; false if there is none.
bool JsonRecordParser::next_candidate(Target target, Candidate& candidate) noexcept {
  Candidate* best = nullptr;
  for (std::size_t i = 0; i < loser_count_; ++i) {
    Candidate& loser = losers_[i];
    if (loser.key->target != target) continue;
    const bool better = best == nullptr || loser.rank < best->rank ||
                        (loser.rank == best->rank && loser.attribute < best->attribute);
    if (better) best = &loser;
  }
  if (best == nullptr) return false;
  candidate = *best;
  *best = losers_[--loser_count_];
  return true;
}

JsonRecordParser::Reading JsonRecordParser::read(const Candidate& candidate, LogRecord& record) {
  switch (candidate.key->target) {
    case Target::time: return read_time(candidate, record);
    case Target::body:
      if (candidate.value == "null") return Reading::unreadable;
      record.body = Value::json(candidate.value);
      return Reading::moved;
    case Target::severity: return read_severity(candidate, record);
    case Target::severity_number: {
      const auto number = severity_from_digits(candidate.value, SeverityScale::open_telemetry);
      if (number == kSeverityAbsent) return Reading::unreadable;
      record.severity_number = number;
      return Reading::moved;
    }
    case Target::service:
    case Target::host: return read_resource(candidate);
    case Target::trace_id:
    case Target::span_id: return read_id(candidate, record);
    case Target::origin:
    case Target::parent: break;
  }
  return Reading::unreadable;
}

// The text of a short string, or empty if it is something else or too long for what it should be.
// Valid until the next call.
std::string_view JsonRecordParser::short_text(std::string_view json) {
  if (!is_string(json) || json.size() > kTextBytesMax + 2) return {};
  const std::string_view text = inner(json);
  if (text.find('\\') == std::string_view::npos) return text;
  return {text_, unescape(text, text_)};
}

JsonRecordParser::Reading JsonRecordParser::read_time(const Candidate& candidate,
                                                      LogRecord& record) {
  TimeUnit unit = TimeUnit::guess;
  if (candidate.key->form == KeyForm::microseconds) unit = TimeUnit::microseconds;
  if (candidate.key->form == KeyForm::nanoseconds) unit = TimeUnit::nanoseconds;
  const ParsedTime time = is_number(candidate.value)
                              ? parse_time_number(candidate.value, unit)
                              : parse_time_text(short_text(candidate.value), unit, options_.now_ns);
  if (!time.present()) return Reading::unreadable;
  record.timestamp_ns = time.ns;
  return time.exact ? Reading::moved : Reading::copied;
}

// A word is the sender's text and is kept as that; a number would be lost in the translation.
JsonRecordParser::Reading JsonRecordParser::read_severity(const Candidate& candidate,
                                                          LogRecord& record) {
  const SeverityScale scale =
      candidate.key->form == KeyForm::syslog ? SeverityScale::logger_syslog : SeverityScale::logger;
  const bool number = is_number(candidate.value);
  const std::uint8_t severity = number ? severity_from_digits(candidate.value, scale)
                                       : severity_from_word(short_text(candidate.value), scale);
  if (severity == kSeverityAbsent) return Reading::unreadable;
  record.severity_number = severity;
  if (number) return Reading::copied;
  record.severity_text = Value::json(candidate.value);
  return Reading::moved;
}

JsonRecordParser::Reading JsonRecordParser::read_id(const Candidate& candidate, LogRecord& record) {
  const KeyForm form = candidate.key->form;
  const bool decimal = form == KeyForm::decimal;
  std::string_view text =
      decimal && is_number(candidate.value) ? candidate.value : short_text(candidate.value);
  if (form == KeyForm::after_slash && is_string(candidate.value)) {
    text = inner(candidate.value);
    text.remove_prefix(text.rfind('/') + 1);  // npos + 1 is 0: no slash, nothing to remove
  }
  char room[kTraceIdDigits];
  const IdForm id_form = decimal ? IdForm::decimal : IdForm::hexadecimal;
  const bool trace = candidate.key->target == Target::trace_id;
  std::string_view id =
      trace ? normalise_trace_id(text, id_form, room) : normalise_span_id(text, id_form, room);
  if (id.empty()) return Reading::unreadable;
  if (id.data() == room || id.data() == text_) id = arena_->copy(id);
  (trace ? record.trace_id : record.span_id) = id;
  return form == KeyForm::after_slash ? Reading::copied : Reading::moved;
}

JsonRecordParser::Reading JsonRecordParser::read_resource(const Candidate& candidate) {
  if (!is_string(candidate.value) || candidate.value.size() <= 2) return Reading::unreadable;
  const bool service = candidate.key->target == Target::service;
  const Value key = Value::json(service ? "\"service.name\"" : "\"host.name\"");
  resource_.push_back({key, Value::json(candidate.value)});
  return candidate.key->form == KeyForm::weak ? Reading::copied : Reading::moved;
}

void JsonRecordParser::take_out(const Candidate& candidate) {
  taken_out_ = true;
  if (candidate.member_bytes == 0) {
    attributes_[candidate.attribute].key.kind = Value::Kind::absent;
    return;
  }
  blank_member(blanked_object(candidate.attribute).data(), candidate.member_offset,
               candidate.member_offset + candidate.member_bytes);
}

std::span<char> JsonRecordParser::blanked_object(std::uint32_t attribute) {
  for (std::size_t i = 0; i < blanked_count_; ++i) {
    if (blanked_[i].attribute == attribute) return blanked_[i].object;
  }
  const std::string_view original = attributes_[attribute].value.bytes;
  const auto copy = arena_->create_span_uninitialized<char>(original.size());
  std::memcpy(copy.data(), original.data(), original.size());
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
