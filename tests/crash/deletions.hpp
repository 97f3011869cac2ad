#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/catalogue.hpp"
#include "store/data_dir.hpp"
#include "store/store.hpp"
#include "tests/crash/oracle.hpp"
#include "tests/crash/scenario.hpp"
#include "tests/crash/simulated_disk.hpp"
#include "tests/crash/simulated_sink.hpp"

namespace logboom::store {

// Looks at the files of records after each step of a server and judges what is no longer there:
//   * only sealed files are deleted, and each is older than all that stay;
//   * retention deletes what the sink has passed, the wall anything if it drops the oldest;
//   * neither deletes more than its limit asks for.
// What it deletes the oracle may miss from then on.
class Deletions {
 public:
  struct World {
    const ScenarioLimits& limits;
    SimulatedDisk& disk;
    Oracle& oracle;
    SimulatedSink& sink;
  };

  // Before the server opens.
  explicit Deletions(World world);

  // After the server has opened or closed, and after each turn of a worker.
  void look(std::optional<Store::Worker> worker);
  // After a turn in which nothing failed: with the last file that it deleted the limit was passed.
  void judge_need(Store::Worker worker);
  // Files that this server has deleted.
  [[nodiscard]] std::uint64_t files() const noexcept { return files_deleted_; }
  // Of their records, those that the sink had not passed and nobody had counted as lost before.
  [[nodiscard]] std::uint64_t lost_records() const noexcept { return lost_records_; }
  // The last number whose loss an earlier server has written down.
  [[nodiscard]] std::uint64_t counted_up_to() const noexcept { return counted_up_to_; }
  // What there is now: bytes as the limits count them.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool has_sealed() const noexcept;

 private:
  using Files = std::vector<SizedFile>;  // by number

  void list();
  void judge(const StoredFile& deleted, bool may_be_unread);

  World world_;
  const DataPaths paths_;
  Files files_;
  std::uint64_t bytes_ = 0;  // theirs, and those of the spare
  std::uint64_t counted_up_to_ = 0;
  std::optional<SizedFile> last_deleted_;  // since the look before
  std::uint64_t files_deleted_ = 0;
  std::uint64_t lost_records_ = 0;
};

}  // namespace logboom::store
