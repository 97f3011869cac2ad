#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "arena/arena.hpp"
#include "record/field_reader.hpp"
#include "record/json_scanner.hpp"
#include "record/json_text.hpp"
#include "record/log_record.hpp"
#include "record/record_shape.hpp"
#include "record/well_known_keys.hpp"

namespace logboom::record {

// For a line that Logboom wrote itself both limits have the slack of native_line.hpp.
struct JsonRecordOptions {
  std::size_t depth_max = 64;         // containers inside each other, the record's object included
  std::size_t attributes_max = 1000;  // see parse()
  std::int64_t now_ns = 0;            // gives times without a year theirs
};

// Makes log records of JSON objects: well-known keys become fields (docs/record.md has the table),
// everything else stays an attribute with its exact text. Nothing of the input is lost: a value
// that cannot be read as its key promises stays an attribute too. A line that Logboom wrote
// itself, which has `_seq` or `_src` and only a record's own keys, comes back as it was.
//
// One io thread; allocates only from the arena. The records' views are into the text and the
// arena, but for `attributes`, `attributes_text` and `resource`, which the next parse() reuses.
class JsonRecordParser {
 public:
  JsonRecordParser(arena::Arena& arena, const JsonRecordOptions& options) noexcept
      : arena_(&arena),
        options_(options),
        attributes_(arena),
        fields_(arena, options.now_ns),
        native_attributes_(arena),
        native_resource_(arena) {}

  // parse() may look at so many bytes behind the text.
  static constexpr std::size_t kReadableBehind = ExpectedKey::kBytesMax + kLookedAtBehind;

  // Reads the object that begins at text[0] with its brace; what follows it does not matter, but
  // kReadableBehind bytes behind the text must be readable.
  // Sets all of `record` but its `observed_timestamp_ns` (unless Logboom wrote the line) and
  // `source`. The syntax is checked wholly; UTF-8 is the caller's to validate. A record with more
  // than `attributes_max` attributes is for the caller to refuse: it has more than that, but not
  // necessarily all. A valid verdict's position is the end of the object.
  [[nodiscard]] JsonVerdict parse(std::string_view text, LogRecord& record);

 private:
  // A value that a field could be read from, as one number: the rank of its key, so that the
  // best compares lowest; then, if it is inside an object, its place in nested_, counted from
  // one; then the index of the attribute that is or holds it; then whether the value is a string
  // with escapes. One number is also cheap to move: a struct of small parts written and at once
  // copied stalls the processor.
  using Candidate = std::uint64_t;
  static constexpr Candidate kNone = ~Candidate{0};

  // Where a candidate inside an object is.
  struct Nested {
    std::string_view value;
    std::size_t member_offset = 0;  // of its key, from the object's brace
    std::size_t member_bytes = 0;   // key and value
  };

  // An object that loses members to fields: a copy in which they are blanks.
  struct Blanked {
    std::size_t attribute = 0;
    std::span<char> object;
  };

  // Further candidates stay attributes.
  static constexpr std::size_t kLosersMax = 24;
  static constexpr std::size_t kNestedMax = 16;

  // Where the parts of a member are in the text; it begins with its key. All null for another one.
  struct Place {
    const char* colon;
    const char* value;
    const char* behind;  // null if it takes more than a look to find; may be behind the text
  };

  // A field's value; nothing that would have to be initialized.
  struct FieldText {
    const char* begin;
    const char* end;
  };

  [[nodiscard]] static Place look_at_member(const ExpectedKey& key, const char* at,
                                            const char* end) noexcept;
  [[nodiscard]] const char* find_behind(const KeyMatch& match, const char* value,
                                        const char* end) const noexcept;
  [[nodiscard]] std::size_t parse_as_before(std::string_view text, const RecordShape& shape,
                                            std::span<const RecordShape::Member> members,
                                            LogRecord& record);
  [[nodiscard]] bool read_as_before(const RecordShape& shape, std::span<const FieldText> values,
                                    LogRecord& record);
  [[nodiscard]] JsonVerdict gather(std::string_view text, std::size_t depth_max);
  [[nodiscard]] JsonVerdict parse_deep(std::string_view text, const JsonVerdict& too_deep,
                                       LogRecord& record);
  void begin() noexcept;
  [[nodiscard]] bool gather_expected(JsonScanner& scanner);
  [[nodiscard]] bool gather_member(JsonScanner& scanner, bool& closed);
  void add(const JsonMember& member);
  void add_known(const JsonMember& member, std::string_view meaning, KeyMatch match);
  void add_field(KeyMatch match, std::uint32_t attribute, bool has_escapes);
  bool add_nested(std::string_view prefix, std::string_view object, std::uint32_t attribute);
  void add_candidate(Target target, Candidate candidate) noexcept;
  [[nodiscard]] std::string_view value_of(Candidate candidate) const noexcept;
  [[nodiscard]] std::string_view renamed_key(std::string_view key);

  [[nodiscard]] bool read_native(LogRecord& record);
  void map_fields(LogRecord& record);
  [[nodiscard]] Candidate next_candidate(Target target) noexcept;

  void take_out(Candidate candidate);
  [[nodiscard]] std::span<char> blanked_object(std::size_t attribute);
  void close_blanks() noexcept;
  [[nodiscard]] std::size_t compact() noexcept;

  arena::Arena* arena_;
  JsonRecordOptions options_;
  arena::ArenaVector<Attribute> attributes_;
  FieldReader fields_;
  arena::ArenaVector<Attribute> native_attributes_;  // of a line that Logboom wrote
  arena::ArenaVector<Attribute> native_resource_;    // likewise

  RecordShape* shape_ = nullptr;        // the thread's, while parse() runs
  std::span<std::string_view> pieces_;  // made for the first record of a shape
  std::size_t place_ = 0;               // in the object, of the member that comes next
  bool all_expected_ = true;            // the members so far stand in the shape at their places
  std::array<Candidate, kFieldTargets> best_{};  // kNone where a field has none
  std::array<Candidate, kLosersMax> losers_;     // those that came second
  std::size_t loser_count_ = 0;
  std::span<Nested> nested_;  // made for the first of them
  std::size_t nested_count_ = 0;
  std::span<Blanked> blanked_;  // likewise
  std::size_t blanked_count_ = 0;
  bool has_origin_ = false;
  bool taken_out_ = false;
};

}  // namespace logboom::record
