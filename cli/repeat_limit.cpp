#include "cli/repeat_limit.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace logboom::cli {
namespace {

constexpr std::size_t kNameBytesMax = 256;

std::string kind_of(std::string_view message) {
  std::string name;
  std::ranges::copy_if(message.substr(0, kNameBytesMax), std::back_inserter(name),
                       [](char c) { return c < '0' || c > '9'; });
  return name;
}

}  // namespace

void RepeatLimit::forget(std::vector<Kind>::iterator kind) {
  if (kind->suppressed.count > 0) over_.push_back(std::move(kind->suppressed));
  kinds_.erase(kind);
}

bool RepeatLimit::admit(std::string_view message, Clock::time_point now) {
  std::string name = kind_of(message);
  auto kind = std::ranges::find(kinds_, name, &Kind::name);
  if (kind != kinds_.end() && kind->end <= now) {
    forget(kind);
    kind = kinds_.end();
  }
  if (kind == kinds_.end()) {
    if (kinds_.size() == kKindsMax) forget(kinds_.begin());
    kinds_.push_back({std::move(name), now + kPeriod, 0, {}});
    kind = std::prev(kinds_.end());
  }
  if (++kind->passed <= kPassesMax) return true;
  kind->suppressed.message = message;
  ++kind->suppressed.count;
  return false;
}

std::vector<RepeatLimit::Suppressed> RepeatLimit::take_due(Clock::time_point now) {
  while (!kinds_.empty() && kinds_.front().end <= now) forget(kinds_.begin());
  return std::exchange(over_, {});
}

std::vector<RepeatLimit::Suppressed> RepeatLimit::take_all() {
  return take_due(Clock::time_point::max());
}

std::optional<RepeatLimit::Clock::time_point> RepeatLimit::next_due() const {
  if (!over_.empty()) return Clock::time_point::min();
  const auto kind =
      std::ranges::find_if(kinds_, [](const Kind& each) { return each.suppressed.count > 0; });
  return kind == kinds_.end() ? std::nullopt : std::optional(kind->end);
}

}  // namespace logboom::cli
