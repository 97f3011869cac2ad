#include "query/filter.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "query/json_line.hpp"
#include "query/severity.hpp"

namespace logboom::query {
namespace {

// Short names for fields that records keep under another one.
struct Alias {
  std::string_view name;
  std::string_view path;
};
constexpr std::array<Alias, 6> kAliases{{{"level", "severity_text"},
                                         {"severity", "severity_text"},
                                         {"message", "body"},
                                         {"msg", "body"},
                                         {"service", "service.name"},
                                         {"host", "host.name"}}};

std::string_view alias_of(std::string_view path) noexcept {
  const auto* found = std::ranges::find(kAliases, path, &Alias::name);
  return found == kAliases.end() ? std::string_view{} : found->path;
}

// The string that begins behind `start`, if the line begins with that.
std::optional<std::string_view> leading_string(std::string_view line, std::string_view start) {
  if (!line.starts_with(start)) return std::nullopt;
  line.remove_prefix(start.size());
  return line.substr(0, line.find('"'));
}

// For lines that the record writer did not write.
std::optional<std::int64_t> time_by_parsing(JsonLine& json) {
  for (std::string_view name : {"timestamp", "observed_timestamp"}) {
    auto text = json.find_at_root(name);
    if (text) return parse_timestamp(text->text);
  }
  return std::nullopt;
}

// The writer puts the time first, so that most lines need no JSON parser to be told apart by time.
std::optional<std::int64_t> leading_time(std::string_view line) {
  for (std::string_view start : {R"({"timestamp":")", R"({"observed_timestamp":")"}) {
    if (auto text = leading_string(line, start)) return parse_timestamp(*text);
  }
  return std::nullopt;
}

std::string_view name_of_number(const JsonText& number) {
  int value = 0;
  std::from_chars(number.text.data(), number.text.data() + number.text.size(), value);
  return severity_name(value);
}

}  // namespace

std::optional<std::int64_t> line_time(std::string_view line) {
  if (auto time = leading_time(line)) return time;
  JsonLine json;
  return json.load(line) ? time_by_parsing(json) : std::nullopt;
}

Filter::Filter(const FilterOptions& options)
    : since_ns_(options.since_ns),
      until_ns_(options.until_ns),
      json_(std::make_unique<JsonLine>()) {}

Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;
Filter::~Filter() = default;

Result<Filter> Filter::make(const FilterOptions& options) {
  Filter filter{options};
  if (options.since_ns && options.until_ns && *options.since_ns >= *options.until_ns) {
    return std::string{"--since is not before --until"};
  }
  for (const std::string& text : options.where) {
    auto condition = parse_condition(text);
    if (!condition) return "--where: " + condition.error();
    filter.conditions_.push_back(*std::move(condition));
  }
  if (!options.grep.empty()) {
    filter.expression_ = std::make_unique<re2::RE2>(options.grep, re2::RE2::Quiet);
    if (!filter.expression_->ok()) return "--grep: " + filter.expression_->error();
  }
  return filter;
}

bool Filter::matches(std::string_view line) {
  return in_time(line) && meets_conditions(line) && contains_expression(line);
}

bool Filter::in_time(std::string_view line) {
  if (!since_ns_ && !until_ns_) return true;
  auto time = leading_time(line);
  if (!time && json_->load(line)) time = time_by_parsing(*json_);
  return time && (!since_ns_ || *time >= *since_ns_) && (!until_ns_ || *time < *until_ns_);
}

bool Filter::meets_conditions(std::string_view line) {
  if (conditions_.empty()) return true;
  if (!json_->load(line)) return false;
  return std::ranges::all_of(conditions_, [this](const Condition& condition) {
    return meets(condition) != condition.negated;
  });
}

bool Filter::meets(const Condition& condition) {
  std::string_view path = condition.path;
  auto found = json_->find(path);
  if (std::string_view alias = alias_of(path); !found && !alias.empty()) {
    path = alias;
    found = json_->find(path);
  }
  bool severity = path == "severity_text";
  if (found) return condition.accepts(found->text, severity);
  if (!severity) return false;
  auto number = json_->find_at_root("severity_number");
  return number && condition.accepts(name_of_number(*number), true);
}

bool Filter::contains_expression(std::string_view line) {
  if (!expression_ || re2::RE2::PartialMatch(line, *expression_)) return true;
  if (!json_->load(line)) return false;
  auto body = json_->find_at_root("body");
  return body && body->is_string && re2::RE2::PartialMatch(body->text, *expression_);
}

}  // namespace logboom::query
