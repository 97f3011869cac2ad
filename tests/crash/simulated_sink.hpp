#pragma once

#include <cstdint>
#include <set>

#include "store/cursor.hpp"
#include "tests/crash/dice.hpp"
#include "tests/crash/oracle.hpp"

namespace logboom::store {

// A destination that takes what a cursor gives it, and that outlives all servers: at the end it
// must have each record at least once.
class SimulatedSink {
 public:
  explicit SimulatedSink(Oracle& oracle) : oracle_(oracle) {}

  // A server has opened its cursor. Losses up to this number may have been written down by a server
  // that then did not come to delete anything.
  void begin(const Cursor& cursor, std::uint64_t lost_up_to);
  // All up to this number is done with, durably.
  [[nodiscard]] std::uint64_t passed() const noexcept { return passed_; }

  // Takes some records, or all there are, and sometimes moves the cursor on.
  void take_some(Cursor& cursor, Dice& dice);
  void take_all(Cursor& cursor);
  // What it has taken it has done with.
  void pass(Cursor& cursor);
  // Whether it has the record or was told that it is lost.
  [[nodiscard]] bool has(std::uint64_t seq) const { return taken_.contains(seq); }
  // The disk has failed to read or write: from now on there may be losses.
  void excuse_losses() noexcept { may_lose_ = true; }
  // Reports if it was told of a loss without an excuse.
  void judge_losses();

 private:
  // False if there is none for now.
  [[nodiscard]] bool take_one(Cursor& cursor);
  void take_gap(const Gap& gap);
  [[nodiscard]] bool explains(const Gap& gap) const;

  Oracle& oracle_;
  std::set<std::uint64_t> taken_;
  std::uint64_t last_ = 0;  // from the present cursor
  std::uint64_t passed_ = 0;
  std::uint64_t passed_at_most_ = 0;  // if a call of it has failed
  std::uint64_t lost_up_to_ = 0;
  bool may_lose_ = false;
  bool told_of_loss_ = false;
};

}  // namespace logboom::store
