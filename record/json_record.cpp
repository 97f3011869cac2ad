#include "record/json_record.hpp"

#include "record/json_text.hpp"
#include "record/native_line.hpp"

#include <algorithm>
#include <cstring>

namespace logboom::record {
namespace {

constexpr char kOwnPrefix[] = "logboom.";
constexpr std::string_view kRenamedPrefix = "\"client.";

constexpr unsigned kRankShift = 48;
constexpr unsigned kNestedShift = 32;
constexpr unsigned kAttributeShift = 1;

constexpr std::uint64_t make_candidate(KeyMatch match, std::uint64_t nested,
                                       std::uint32_t attribute, bool has_escapes) noexcept {
  return std::uint64_t{match.rank} << kRankShift | nested << kNestedShift |
         std::uint64_t{attribute} << kAttributeShift | (has_escapes ? 1U : 0U);
}
const WellKnownKey& key_of(std::uint64_t candidate) noexcept {
  return well_known_key(static_cast<std::uint16_t>(candidate >> kRankShift));
}
std::size_t nested_of(std::uint64_t candidate) noexcept {
  return candidate >> kNestedShift & 0xffff;
}
std::size_t attribute_of(std::uint64_t candidate) noexcept {
  return (candidate & 0xffff'ffff) >> kAttributeShift;
}
bool has_escapes(std::uint64_t candidate) noexcept {
  return (candidate & 1) != 0;
}

// Puts together the text of members that stay, in as few pieces as there are.
class TextPieces {
 public:
  explicit TextPieces(std::string_view* out) noexcept : out_(out), next_(out) {}

  // A member, from its key to behind its comma or brace, but for the space behind its colon.
  void add(const char* key, const char* behind_colon, const char* value,
           const char* behind) noexcept {
    extend(key, behind_colon);
    extend(value, behind);
  }
  // Returns how many pieces there are.
  std::size_t close() noexcept {
    if (begin_ != end_) *next_++ = {begin_, static_cast<std::size_t>(end_ - begin_)};
    return static_cast<std::size_t>(next_ - out_);
  }

 private:
  void extend(const char* begin, const char* end) noexcept {
    if (begin != end_) {
      close();
      begin_ = begin;
    }
    end_ = end;
  }

  std::string_view* out_;
  std::string_view* next_;
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
};

// A member has two pieces at most.
constexpr std::size_t kPiecesMax = 2 * RecordShape::kPlaces;

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
  // Outlives the request: the next one is often of the same sender.
  thread_local RecordShape shape;
  if (const auto members = shape.settled(); !members.empty()) {
    const std::size_t bytes = parse_as_before(text, shape, members, record);
    shape.tried(bytes != 0);
    if (bytes != 0) return {JsonFault::none, bytes};
  }
  shape_ = &shape;
  const JsonVerdict verdict = gather(text, options_.depth_max);
  if (verdict.fault == JsonFault::too_deep) [[unlikely]]
    return parse_deep(text, verdict, record);
  if (!verdict.valid()) return verdict;
  record.clear();
  if (!has_origin_ || !read_native(record)) map_fields(record);
  return verdict;
}

// Finds the parts of a member at `at`, if it is there, has this key and no more space than one
// behind its colon; else they are null.
[[gnu::always_inline]] inline JsonRecordParser::Place JsonRecordParser::look_at_member(
    const ExpectedKey& key, const char* at, const char* end) noexcept {
  if (!key.begins(at)) return {};
  const char* const colon = at + key.bytes() - 1;
  const char* const value = colon + (colon[1] == ' ' ? 2 : 1);
  return {colon, value, look_behind_value(value, end)};
}

// The end of a value that takes more than a look, or null if it is a bad one, or an object that may
// hold fields, or if it cannot stay in a line as it is.
const char* JsonRecordParser::find_behind(const KeyMatch& match, const char* value,
                                          const char* end) const noexcept {
  if (value >= end) return nullptr;
  const std::string_view text(value, static_cast<std::size_t>(end - value));
  JsonScanner scanner(text, options_.depth_max > 0 ? options_.depth_max - 1 : 0);
  if (!scanner.skip_value()) return nullptr;
  if (text[0] == '{' && match && match.key->parent) return nullptr;
  return has_line_break({value, scanner.at()}) ? nullptr : scanner.at();
}

// Reads a record with the members of the one before, in their order and in the same roles, which
// leaves nothing to be mapped. Returns its length, or 0 if it is another or a bad one: then nothing
// of it counts.
std::size_t JsonRecordParser::parse_as_before(std::string_view text, const RecordShape& shape,
                                              std::span<const RecordShape::Member> members,
                                              LogRecord& record) {
  if (pieces_.empty()) pieces_ = arena_->create_span_uninitialized<std::string_view>(kPiecesMax);
  const char* const end = text.data() + text.size();
  std::array<FieldText, kFieldTargets> values;
  TextPieces pieces(pieces_.data());
  std::size_t attributes = 0;
  const char* at = text.data() + 1;
  const char* behind = at;
  for (const RecordShape::Member& member : members) {
    const Place place = look_at_member(member.key, at, end);
    if (place.colon == nullptr) return 0;
    behind = place.behind;
    if (behind == nullptr) behind = find_behind(member.key.match(), place.value, end);
    if (behind == nullptr || behind >= end || *behind != member.closer) return 0;
    if (member.field != RecordShape::kNoField) values[member.field] = {place.value, behind};
    ++behind;
    if (member.stays) {
      ++attributes;
      pieces.add(at, place.colon + 1, place.value, behind);
    }
    at = behind + (*behind == ' ' ? 1 : 0);
  }
  record.clear();
  if (!read_as_before(shape, values, record)) return 0;
  record.attributes_text = pieces_.first(pieces.close());
  record.text_attributes = attributes;
  record.resource = fields_.resource();
  return static_cast<std::size_t>(behind - text.data());
}

// Each field must be read from its member and leave it or take it along as it was before.
bool JsonRecordParser::read_as_before(const RecordShape& shape, std::span<const FieldText> values,
                                      LogRecord& record) {
  fields_.begin();
  const FieldText* text = values.data();
  for (const RecordShape::Field& field : shape.fields()) {
    const FieldReader::Reading as_before =
        field.stays ? FieldReader::Reading::copied : FieldReader::Reading::moved;
    // Only bodies and resources may have escapes; of other fields such a value cannot be read here.
    const FieldReader::Written written{{text->begin, text->end}, false};
    if (fields_.read(*field.key, written, record) != as_before) return false;
    ++text;
  }
  return true;
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
  scanner.take();
  bool closed = scanner.next_is('}');
  if (closed) scanner.take();
  while (!closed && scanner.fault() == JsonFault::none) {
    closed = gather_expected(scanner);
    if (!closed && !gather_member(scanner, closed)) break;
  }
  const auto position = static_cast<std::size_t>(scanner.at() - text.data());
  return {scanner.fault(), position};
}

// Takes members as long as they are as expected. True when the object ended there.
bool JsonRecordParser::gather_expected(JsonScanner& scanner) {
  const auto members = shape_->from(place_);
  const char* at = scanner.at();
  const char* const end = at + scanner.bytes_left();
  auto index = static_cast<std::uint32_t>(attributes_.size());
  attributes_.reserve(index + members.size());
  bool closed = false;
  for (const RecordShape::Member& member : members) {
    const Place place = look_at_member(member.key, at, end);
    const char* const behind = place.behind;
    if (behind == nullptr || behind >= end || (*behind != ',' && *behind != '}')) break;
    attributes_.data()[index].set_json({at, place.colon}, {place.value, behind});
    const KeyMatch match = member.key.match();
    if (match) add_field(match, index, false);
    ++index;
    at = behind + 1;
    closed = *behind == '}';
    if (closed) break;
    if (at < end && *at == ' ') ++at;
  }
  place_ += index - attributes_.size();
  attributes_.resize_uninitialized(index);
  scanner.take(static_cast<std::size_t>(at - scanner.at()));
  if (!closed) scanner.skip_space();
  return closed;
}

// Takes one member, whatever it is. False after a fault.
bool JsonRecordParser::gather_member(JsonScanner& scanner, bool& closed) {
  JsonMember member;
  if (!skip_member_key(scanner, member)) return false;
  if (!skip_member_value(scanner, member, closed)) return false;
  add(member);
  return true;
}

bool JsonRecordParser::read_native(LogRecord& record) {
  const NativeSpace space{native_attributes_, native_resource_,
                          options_.attributes_max + kNativeAttributesSlack,
                          options_.depth_max + kNativeDepthSlack};
  return read_native_line(attributes_.span(), space, record);
}

void JsonRecordParser::begin() noexcept {
  place_ = 0;
  all_expected_ = true;
  attributes_.clear();
  best_.fill(kNone);
  loser_count_ = 0;
  nested_count_ = 0;
  blanked_count_ = 0;
  has_origin_ = false;
  taken_out_ = false;
}

void JsonRecordParser::add(const JsonMember& member) {
  const std::size_t place = place_++;
  std::string_view meaning = member.key_inner();
  if (member.key_has_escapes) [[unlikely]] {
    auto room = arena_->create_span_uninitialized<char>(meaning.size());
    meaning = {room.data(), unescape(meaning, room.data())};
  }
  if (begins_with(meaning, kOwnPrefix)) [[unlikely]] {
    JsonMember renamed = member;
    renamed.key = renamed_key(member.key);
    all_expected_ = false;
    return add_known(renamed, meaning, {});
  }
  const auto expected = shape_->from(place);
  if (!expected.empty() && !member.key_has_escapes && expected[0].key.is(member.key)) {
    return add_known(member, meaning, expected[0].key.match());
  }
  const KeyMatch match = find_well_known(meaning);
  if (member.key_has_escapes || !shape_->expect(place, member.key, match)) all_expected_ = false;
  add_known(member, meaning, match);
}

// Stops gathering when the limit is passed for certain: each field takes one attribute at most.
// All that a native line has at the top is gathered whatever the limit.
void JsonRecordParser::add_known(const JsonMember& member, std::string_view meaning,
                                 KeyMatch match) {
  static_assert(kNativeFields >= kFieldTargets);
  if (attributes_.size() > options_.attributes_max + kNativeFields) return;
  const auto index = static_cast<std::uint32_t>(attributes_.size());
  attributes_.push_back_uninitialized().set_json(member.key, member.value);
  if (!match) return;
  const bool nested =
      match.key->parent && member.value[0] == '{' && add_nested(meaning, member.value, index);
  if (!nested) add_field(match, index, member.value_has_escapes);
}

void JsonRecordParser::add_field(KeyMatch match, std::uint32_t attribute, bool has_escapes) {
  const Target target = match.key->target;
  if (target == Target::origin) {
    has_origin_ = true;
  } else if (target != Target::parent) {
    add_candidate(target, make_candidate(match, 0, attribute, has_escapes));
  }
}

void JsonRecordParser::add_candidate(Target target, Candidate candidate) noexcept {
  Candidate& best = best_[static_cast<std::size_t>(target)];
  const Candidate loser = std::max(best, candidate);
  best = std::min(best, candidate);
  if (loser != kNone && loser_count_ < losers_.size()) losers_[loser_count_++] = loser;
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
    add_candidate(match.key->target,
                  make_candidate(match, nested_count_, attribute, member.value_has_escapes));
  });
  return valid && nested_count_ > before;
}

std::string_view JsonRecordParser::value_of(Candidate candidate) const noexcept {
  const std::size_t nested = nested_of(candidate);
  return nested == 0 ? attributes_[attribute_of(candidate)].value.bytes : nested_[nested - 1].value;
}

void JsonRecordParser::map_fields(LogRecord& record) {
  fields_.begin();
  // Then each field comes from a member of its own, and attributes stand at their members' places.
  bool simple = all_expected_ && !has_origin_ && nested_count_ == 0 && attributes_.size() == place_;
  if (simple) shape_->settle(place_);
  for (std::size_t target = 0; target < kFieldTargets; ++target) {
    Candidate candidate = best_[target];
    while (candidate != kNone) {
      const FieldReader::Reading reading =
          fields_.read(key_of(candidate), {value_of(candidate), has_escapes(candidate)}, record);
      if (reading == FieldReader::Reading::moved) take_out(candidate);
      if (simple)
        shape_->settle_field(attribute_of(candidate), reading == FieldReader::Reading::copied);
      if (reading != FieldReader::Reading::unreadable) break;
      simple = false;
      shape_->settle(0);
      candidate = next_candidate(static_cast<Target>(target));
    }
  }
  record.attributes = attributes_.span().first(compact());
  record.resource = fields_.resource();
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
