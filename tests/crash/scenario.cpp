#include "tests/crash/scenario.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "store/segment_writer.hpp"
#include "tests/crash/dice.hpp"

namespace logboom::store {

namespace {

using Ending = Life::Ending;
using Faults = ProcessFiles::Faults;

constexpr std::uint64_t kOpeningCalls = 80;  // about as many as an opening makes

template <class T, std::size_t kSize>
T one_of(const std::array<T, kSize>& values, Dice& dice) {
  return values[dice.below(kSize)];
}

Durability random_durability(Dice& dice) {
  static constexpr std::array kModes = {Durability::sync, Durability::sync, Durability::sync,
                                        Durability::write, Durability::memory};
  return one_of(kModes, dice);
}

// A call in the opening, or anywhere in the life.
std::uint64_t random_call(std::uint32_t steps, Dice& dice) {
  if (dice.chance(30)) return dice.between(1, kOpeningCalls);
  return dice.between(1, kOpeningCalls + 2 * std::uint64_t{steps});
}

Life random_life(Durability durability, Dice& dice) {
  static constexpr std::array kEndings = {Ending::close, Ending::kill, Ending::power_cut,
                                          Ending::power_cut};
  Life life;
  life.durability = dice.chance(90) ? durability : random_durability(dice);
  life.steps = static_cast<std::uint32_t>(dice.between(5, dice.chance(80) ? 100 : 300));
  life.ending = one_of(kEndings, dice);
  const std::uint64_t fault = dice.below(100);
  if (fault < 10) {
    life.faults.io_error_at = random_call(life.steps, dice);
  } else if (fault < 25) {
    life.faults.sync_error_from = random_call(life.steps, dice);
  } else if (fault < 35) {
    life.faults.no_room_from = random_call(life.steps, dice);
    life.faults.no_room_to = life.faults.no_room_from + dice.between(1, 60);
  }
  const bool may_die = fault >= 35 || dice.chance(30);
  if (life.ending != Ending::close && may_die) life.faults.dies_at = random_call(life.steps, dice);
  return life;
}

// Of some segments. A wall leaves room for more once retention has deleted what it may.
ScenarioLimits random_limits(std::size_t segment_bytes_max, Dice& dice) {
  const std::uint64_t bytes = SegmentWriter::bytes_for(segment_bytes_max);
  ScenarioLimits made;
  const std::uint64_t kind = dice.below(100);
  if (kind < 55) return made;
  if (kind < 85 || dice.chance(30)) made.kept_bytes_max = bytes * dice.between(2, 4);
  if (kind >= 75) made.wall_bytes_max = made.kept_bytes_max + bytes * dice.between(2, 5);
  if (kind >= 85) made.on_full = OnFull::drop_oldest;
  return made;
}

bool take_number(std::string_view& text, std::uint64_t& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return parsed.ec == std::errc{} && (text.empty() || text.front() == '-');
}

std::vector<std::uint64_t> take_numbers(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  while (!text.empty()) {
    text.remove_prefix(1);
    if (!take_number(text, numbers.emplace_back())) return {};
  }
  return numbers;
}

constexpr std::uint64_t kFirstWithLimits = 6;

ScenarioLimits limits_of_workload(std::uint64_t workload) {
  switch (workload) {
    case kFirstWithLimits: return {.kept_bytes_max = 48 * 1024, .wall_bytes_max = 0};
    case 7: return {.wall_bytes_max = 48 * 1024, .on_full = OnFull::drop_oldest};
    case 8: return {.kept_bytes_max = 48 * 1024, .wall_bytes_max = 128 * 1024};
    default: return {};
  }
}

}  // namespace

Scenario Scenario::random(std::uint64_t seed) {
  static constexpr std::array<std::size_t, 4> kSegmentBytes = {4096, 16 * 1024, 64 * 1024,
                                                               64 * 1024};
  Dice dice(seed);
  Scenario made;
  made.name = fmt::format("random-{}", seed);
  made.seed = dice.next();
  made.producers = dice.between(1, 3);
  made.segment_bytes_max = one_of(kSegmentBytes, dice);
  made.limits = random_limits(made.segment_bytes_max, dice);
  made.slow_sink = made.limits.drops() && dice.chance(60);
  if (dice.chance(20)) made.rejected_bytes_max = 2000;
  made.ages = dice.chance(10);
  made.conduct.unordered_names = dice.chance(30);
  const Durability durability = random_durability(dice);
  const std::uint64_t lives = dice.between(1, 4);
  for (std::uint64_t i = 0; i < lives; ++i) made.lives.push_back(random_life(durability, dice));
  Life last;
  last.durability = durability;
  last.steps = 10;
  made.lives.push_back(last);
  return made;
}

Scenario Scenario::of_workload(std::uint64_t workload) {
  static constexpr std::array<std::size_t, 3> kSegmentBytes = {64 * 1024, 4096, 16 * 1024};
  static constexpr std::array kModes = {Durability::sync,  Durability::sync,   Durability::sync,
                                        Durability::write, Durability::memory, Durability::sync};
  Scenario made;
  made.seed = Dice(workload).next();
  made.producers = 1 + workload % 3;
  made.segment_bytes_max = kSegmentBytes[workload % kSegmentBytes.size()];
  made.limits = limits_of_workload(workload);
  made.slow_sink = made.limits.drops();
  if (workload == kFirstWithLimits) made.segment_bytes_max = 16 * 1024;
  const Durability durability = kModes[workload % kModes.size()];
  made.lives.push_back({durability, workload < kFirstWithLimits ? 200U : 300U, {}, Ending::kill});
  made.lives.push_back({durability, 10, {}, Ending::close});
  return made;
}

Scenario Scenario::ending(std::uint64_t workload, Ending ending, std::uint64_t call) {
  Scenario made = of_workload(workload);
  made.name = fmt::format("{}-{}-{}", ending == Ending::kill ? "kill" : "power", workload, call);
  made.lives.front().ending = ending;
  made.lives.front().faults.dies_at = call;
  return made;
}

Scenario Scenario::ending_twice(std::uint64_t workload, std::uint64_t call, std::uint64_t next) {
  Scenario made = ending(workload, Ending::power_cut, call);
  made.name += fmt::format("-{}", next);
  Life life = made.lives.front();
  life.steps = 10;
  life.faults.dies_at = next;
  made.lives.insert(made.lives.begin() + 1, life);
  return made;
}

Scenario Scenario::failing(std::uint64_t workload, std::uint64_t call) {
  Scenario made = of_workload(workload);
  made.name = fmt::format("error-{}-{}", workload, call);
  made.lives.front().faults.io_error_at = call;
  made.lives.front().ending = call % 2 == 0 ? Ending::kill : Ending::close;
  made.lives.insert(made.lives.begin() + 1,
                    {made.lives.front().durability, 10, {}, Ending::power_cut});
  return made;
}

std::optional<Scenario> Scenario::parse(std::string_view name) {
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view kind = name.substr(0, dash);
  const auto numbers = take_numbers(name.substr(dash));
  if (kind == "random" && numbers.size() == 1) return random(numbers[0]);
  if (kind == "power" && numbers.size() == 3) {
    return ending_twice(numbers[0], numbers[1], numbers[2]);
  }
  if (numbers.size() != 2) return std::nullopt;
  if (kind == "power") return ending(numbers[0], Ending::power_cut, numbers[1]);
  if (kind == "kill") return ending(numbers[0], Ending::kill, numbers[1]);
  if (kind == "error") return failing(numbers[0], numbers[1]);
  return std::nullopt;
}

}  // namespace logboom::store
