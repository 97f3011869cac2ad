#include "tests/crash/simulated_sink.hpp"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

namespace logboom::store {

void SimulatedSink::begin(const Cursor& cursor, std::uint64_t lost_up_to) {
  if (cursor.position() < passed_ || cursor.position() > passed_at_most_) {
    oracle_.report(
        fmt::format("a cursor stands at {} and had passed {}", cursor.position(), passed_));
  }
  passed_ = passed_at_most_ = cursor.position();
  lost_up_to_ = lost_up_to;
}

void SimulatedSink::pass(Cursor& cursor) {
  passed_at_most_ = std::max(passed_at_most_, last_);
  // After some calls of it fail it is where it was, or where it was to be.
  if (cursor.commit(last_)) passed_ = std::max(passed_, last_);
}

void SimulatedSink::take_some(Cursor& cursor, Dice& dice) {
  last_ = cursor.position();
  for (std::uint64_t left = dice.between(1, 40); left > 0 && take_one(cursor); --left) {
  }
  if (dice.chance(50)) pass(cursor);
}

void SimulatedSink::take_all(Cursor& cursor) {
  last_ = cursor.position();
  while (take_one(cursor)) {
  }
}

bool SimulatedSink::take_one(Cursor& cursor) {
  const Cursor::Item item = cursor.next();
  if (std::holds_alternative<Gap>(item)) {
    take_gap(std::get<Gap>(item));
    return true;
  }
  if (!std::holds_alternative<RecordView>(item)) return false;
  const auto& record = std::get<RecordView>(item);
  if (record.seq <= last_) {
    oracle_.report(fmt::format("a cursor gives {} after {}", record.seq, last_));
  }
  oracle_.delivered(record);
  last_ = record.seq;
  taken_.insert(record.seq);
  return true;
}

void SimulatedSink::judge_losses() {
  if (told_of_loss_ && !may_lose_) {
    oracle_.report("a cursor is told of a loss though nothing was lost");
  }
}

// Whether all that was in it is deleted.
bool SimulatedSink::explains(const Gap& gap) const {
  const std::uint64_t first = std::max(gap.first_seq, lost_up_to_ + 1);
  return gap.last_seq <= std::max(lost_up_to_, oracle_.deleted_up_to()) &&
         !oracle_.keeps_any_of(first, gap.last_seq) &&
         gap.records >= oracle_.records_in(gap.first_seq, gap.last_seq);
}

void SimulatedSink::take_gap(const Gap& gap) {
  if (gap.first_seq <= last_ || gap.last_seq < gap.first_seq) {
    oracle_.report(
        fmt::format("a cursor loses {} to {} after {}", gap.first_seq, gap.last_seq, last_));
  }
  if (!explains(gap)) told_of_loss_ = true;
  for (std::uint64_t seq = gap.first_seq; seq <= gap.last_seq; ++seq) taken_.insert(seq);
  last_ = gap.last_seq;
}

}  // namespace logboom::store
