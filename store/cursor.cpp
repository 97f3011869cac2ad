#include "store/cursor.hpp"

#include <algorithm>
#include <utility>

namespace logboom::store {

Cursor::Item Cursor::next() {
  if (!held_) held_ = reader_.next();
  // After reading: where the reader found a file deleted, the loss has been told before.
  if (const auto gap = take_deleted()) return *gap;
  if (!held_) return std::monostate{};
  if (const auto gap = take_damaged()) return *gap;
  const RecordView record = *std::exchange(held_, std::nullopt);
  delivered_ = record.seq;
  return record;
}

// What is lost is not delivered even if a file that is open still has it, so that the counts agree.
std::optional<Gap> Cursor::take_deleted() {
  const std::uint64_t losses = cursors_->losses();
  if (seen_losses_ == losses) return std::nullopt;
  auto gap = cursors_->gap(name_);
  if (gap) gap->first_seq = std::max(gap->first_seq, delivered_ + 1);
  // Not yet: what could not be sealed in time is older and still there.
  const bool is_ahead =
      held_ ? gap && held_->seq < gap->first_seq : static_cast<bool>(reader_.error());
  if (is_ahead) return std::nullopt;
  seen_losses_ = losses;
  if (!gap || gap->last_seq <= delivered_) return std::nullopt;
  delivered_ = gap->last_seq;
  reader_.skip_to(gap->last_seq);
  if (held_ && held_->seq <= gap->last_seq) held_.reset();
  return gap;
}

// Where the reader has passed over something, what it held lies between two records.
std::optional<Gap> Cursor::take_damaged() {
  if (std::exchange(seen_damage_, reader_.damaged_regions()) == reader_.damaged_regions()) {
    return std::nullopt;
  }
  const Gap gap{delivered_ + 1, held_->seq - 1, held_->seq - 1 - delivered_};
  if (gap.records == 0) return std::nullopt;
  delivered_ = gap.last_seq;
  return gap;
}

}  // namespace logboom::store
