#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "store/cursor.hpp"
#include "store/options.hpp"
#include "store/staging.hpp"
#include "store/stats.hpp"

namespace logboom::store {

// The durable segmented log of one data directory, and its committer thread.
class Store {
 public:
  // Locks the directory, recovers what a crash left and starts the committer, in a new segment.
  // The error says in one sentence what is wrong and what to do; for a directory that a newer
  // version wrote it has the words "newer version".
  static boost::system::result<std::unique_ptr<Store>, std::string> open(Options options);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  // Commits everything published, closes the segment with a mark, joins its threads. Producers'
  // threads have stopped using their ends; chains not drained are gone.
  ~Store();

  enum class Worker : std::uint8_t { committer, keeper, sealer };
  // Of a store without threads: lets the worker do the next piece of its work; false if there is
  // none.
  bool turn(Worker worker);

  [[nodiscard]] Producer& producer(std::size_t index);
  // Reads on from the position of one of the options' cursors; at most one at a time for each, and
  // none outlives the store.
  [[nodiscard]] boost::system::result<Cursor, std::string> cursor(const std::string& name);
  // Keeps to other limits from now on; any thread. Full or not, and what retention deletes, follows
  // within seconds.
  void set_limits(const Limits& limits);
  // What the store takes at most, as a sentence for the operator.
  [[nodiscard]] std::string describe_limits() const;
  [[nodiscard]] State state() const noexcept;      // any thread
  [[nodiscard]] std::string state_reason() const;  // why it is not accepting, else empty
  [[nodiscard]] Stats stats() const;               // any thread
  [[nodiscard]] const std::string& store_id() const noexcept;

 private:
  struct Parts;

  explicit Store(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace logboom::store
