#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/options.hpp"
#include "store/reader.hpp"
#include "store/staging.hpp"
#include "tests/crash/request.hpp"

namespace logboom::store {

// Knows all requests that were ever made and what may, must and must not be found of them:
//   * what was acknowledged outlives what its durability says, whole and once;
//   * what a reader was shown while a server ran in `sync`, what a store held after its recovery,
//     and what it held when it was closed, outlives everything;
//   * any other request is there whole or not at all, and stays away once it was missing after a
//     recovery; what was refused, rolled back or answered `full` is never there;
//   * what a store has deleted, and might, may be missing; it may come back only if the power is
//   cut
//     or a sync fails;
//   * numbers and arrivals grow as they are read, and a number that anybody has seen, or that was
//     in use before a request was made, is never another record's.
// The first thing that is otherwise is the problem.
class Oracle {
 public:
  // The way of one reader through the records, from the first on. The oracle outlives it.
  class Reading {
   public:
    explicit Reading(Oracle& oracle) : oracle_(oracle) {}
    void take(const RecordView& record);
    // There is nothing more for now: requests are shown whole.
    void pause();
    // Those that were read since the beginning.
    [[nodiscard]] const std::vector<std::uint32_t>& requests() const noexcept { return requests_; }

   private:
    void begin_request(RecordName name, std::uint64_t seq);

    Oracle& oracle_;
    std::vector<std::uint32_t> requests_;
    std::vector<std::uint32_t> last_of_producer_;  // one more than its last request; 0 for none
    std::uint32_t records_left_ = 0;               // of the request being read
    std::uint32_t next_record_ = 0;
    std::uint64_t last_seq_ = 0;
    std::int64_t last_arrival_ns_ = 0;
  };

  // The request was made now; its name.
  std::uint32_t add(Request request);
  [[nodiscard]] const Request& request(std::uint32_t id) const { return requests_[id]; }
  // A store says that numbers up to this one are in use.
  void used(std::uint64_t seq);
  [[nodiscard]] std::uint64_t used_up_to() const noexcept { return used_up_to_; }

  void rolled_back(std::uint32_t id);
  // It was sent to a store that had failed by then.
  void refused(std::uint32_t id);
  // With `refused_kept` the store has not failed to keep its refused records.
  void answered(std::uint32_t id, CommitStatus status, Durability durability, bool refused_kept);
  // These were committed together and in this order; the last of their records has this number.
  void numbered(std::span<const std::uint32_t> ids, std::uint64_t last_seq);
  // A store was closed that accepted all along: what it was given, from this request on, is stored.
  void closed(std::uint32_t first, bool refused_kept);
  // The name of the next request to be made.
  [[nodiscard]] std::uint32_t next_request() const noexcept {
    return static_cast<std::uint32_t>(requests_.size());
  }
  // The file of the records with these numbers was deleted.
  void deleted(std::uint64_t first_seq, std::uint64_t last_seq);
  [[nodiscard]] std::uint64_t deleted_up_to() const noexcept;
  // How many records have these numbers, as far as anybody knows.
  [[nodiscard]] std::uint64_t records_in(std::uint64_t first_seq, std::uint64_t last_seq) const;
  // Whether one of these must still be there.
  [[nodiscard]] bool keeps_any_of(std::uint64_t first_seq, std::uint64_t last_seq) const;
  // The power was cut, or what the kernel had not written was lost in a failed sync.
  void lost_cache();
  // A store could not read all its segments: its arrivals may from now on be less than theirs.
  void excuse_arrivals() noexcept { arrivals_grow_ = false; }
  // A call has failed: from now on segments may be sealed, and deleted, after newer ones.
  void excuse_order() noexcept { seals_in_order_ = false; }
  [[nodiscard]] bool seals_in_order() const noexcept { return seals_in_order_; }
  // What a sink was given: a record as it was made, under a number of its own.
  void delivered(const RecordView& record);
  // What a reader was given, which from now on survives so much.
  void shown(const Reading& reading, std::size_t from, Survives survives);
  // What was found is all that there is: nothing that must be there is missing.
  void check(const Reading& reading);
  // The same for what recovery has left, which is for good.
  void check_recovered(const Reading& reading);
  // What must be there, or must have been until it was deleted, has reached a sink that now has
  // all.
  void check_taken(const std::function<bool(std::uint64_t seq)>& has);
  // The contents of rejected/.
  void check_refused(std::string_view text);

  void report(std::string problem);
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  struct Deletion {
    std::uint64_t last_seq = 0;
    bool may_return = false;
  };

  // The name of a record that was made and has the bytes it was given; else reports.
  [[nodiscard]] std::optional<RecordName> recognise(const RecordView& record);
  [[nodiscard]] const Deletion* deletion_of(const Request& request) const;
  // Whose number it was when it was first seen.
  void claim(std::uint64_t seq, RecordName name);

  std::vector<Request> requests_;
  std::map<std::uint64_t, std::uint32_t> claimed_;  // the first number of each request ever seen
  std::map<std::uint64_t, Deletion> deletions_;     // by first number
  std::uint64_t used_up_to_ = 0;
  bool arrivals_grow_ = true;
  bool seals_in_order_ = true;
  std::string problem_;
};

}  // namespace logboom::store
