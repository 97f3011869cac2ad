#include "tests/crash/simulated_sink.hpp"

#include <variant>

#include <fmt/format.h>

namespace logboom::store {

void SimulatedSink::take_some(Cursor& cursor, Dice& dice) {
  last_ = cursor.position();
  for (std::uint64_t left = dice.between(1, 40); left > 0 && take_one(cursor); --left) {
  }
  // After some calls of it fail it is where it was, or where it was to be.
  if (dice.chance(50)) static_cast<void>(cursor.commit(last_));
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

void SimulatedSink::take_gap(const Gap& gap) {
  told_of_loss_ = true;
  for (std::uint64_t seq = gap.first_seq; seq <= gap.last_seq; ++seq) taken_.insert(seq);
  last_ = gap.last_seq;
}

}  // namespace logboom::store
