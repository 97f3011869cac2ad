#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logboom::cli {

// Keeps a message that repeats itself from filling the log: of each kind so many pass in a period,
// and how many did not is told when it is over. Messages are of one kind if they differ only in
// digits. One thread at a time.
class RepeatLimit {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::size_t kPassesMax = 20;
  static constexpr std::chrono::seconds kPeriod{10};
  // Kinds that are remembered; for one more, the one that has been longest is told of early.
  static constexpr std::size_t kKindsMax = 64;

  // What was left out of one kind.
  struct Suppressed {
    std::string message;  // the last of them
    std::uint64_t count = 0;
  };

  [[nodiscard]] bool admit(std::string_view message, Clock::time_point now);
  // What was left out in periods that are over by `now`; each is given once.
  [[nodiscard]] std::vector<Suppressed> take_due(Clock::time_point now);
  // What was left out in periods that last.
  [[nodiscard]] std::vector<Suppressed> take_all();
  // When take_due() has something to give, if nothing comes before; none: never.
  [[nodiscard]] std::optional<Clock::time_point> next_due() const;

 private:
  struct Kind {
    std::string name;
    Clock::time_point end;
    std::uint64_t passed = 0;
    Suppressed suppressed;
  };

  void forget(std::vector<Kind>::iterator kind);

  std::vector<Kind> kinds_;  // in the order in which their periods end
  std::vector<Suppressed> over_;
};

}  // namespace logboom::cli
