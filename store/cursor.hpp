#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "store/cursors.hpp"
#include "store/reader.hpp"
#include "store/tail.hpp"

namespace logboom::store {

// Reads a store from a position that is kept: records in the order of their numbers, each at least
// once whatever crashes, and only those that have reached the configured durability. One thread.
// The store outlives it.
class Cursor {
 public:
  // What next() found: nothing for now, a record, or records that are lost to it.
  using Item = std::variant<std::monostate, RecordView, Gap>;

  Cursor(Cursors& cursors, Tail& tail, std::string name, Reader reader)
      : cursors_(&cursors),
        tail_(&tail),
        name_(std::move(name)),
        delivered_(cursors.position(name_)),
        reader_(std::move(reader)) {}

  // Goes on behind the last item; a record is valid until the next call.
  [[nodiscard]] Item next();
  // The error that kept the last next() from reading on, if any; the next one tries again.
  [[nodiscard]] boost::system::error_code error() const noexcept { return reader_.error(); }
  // Waits until there is something to read; false when the time is over or the store closes.
  [[nodiscard]] bool wait(std::chrono::milliseconds time) {
    return tail_->wait_behind(delivered_, time);
  }

  // All up to this number is done with: a later start goes on behind it. Durable on return.
  [[nodiscard]] Status commit(std::uint64_t seq) { return cursors_->move_to(name_, seq); }
  [[nodiscard]] std::uint64_t position() const { return cursors_->position(name_); }

 private:
  [[nodiscard]] std::optional<Gap> take_deleted();
  [[nodiscard]] std::optional<Gap> take_damaged();

  Cursors* cursors_;
  Tail* tail_;
  std::string name_;
  std::uint64_t delivered_;  // the last number handed out
  Reader reader_;
  std::optional<RecordView> held_;  // read, and a gap goes before it
  std::optional<std::uint64_t> seen_losses_;
  std::uint64_t seen_damage_ = 0;  // regions that the reader has passed over
};

}  // namespace logboom::store
