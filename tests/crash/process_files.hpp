#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/os_file.hpp"
#include "tests/crash/simulated_disk.hpp"

namespace logboom::store {

// The files of a simulated disk as one process has them. Counts its calls, of which the first is
// number 1, and makes those of a plan fail. Outlives what it gives out; the disk outlives it.
class ProcessFiles final : public FileSystem {
 public:
  enum class Operation : std::uint8_t {
    open,
    create,
    read,
    write,
    sync,
    truncate,
    allocate,
    rename,
    remove,
    list,
    make_directory,
    sync_directory,
    lock,
  };
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  // What happens to the calls of these numbers.
  struct Faults {
    // The process dies in this call, and whatever it still tries fails.
    std::uint64_t dies_at = kNever;
    // It fails with EIO. A write has then put some first pages into the cache.
    std::uint64_t io_error_at = kNever;
    // The first sync of a file from this call on fails with EIO.
    std::uint64_t sync_error_from = kNever;
    // From the first and before the second, calls that need more room than there is fail with
    // ENOSPC: files that grow, and new names.
    std::uint64_t no_room_from = kNever;
    std::uint64_t no_room_to = kNever;
  };
  struct Hit {
    Operation operation;
    std::string path;
    int error;
  };

  explicit ProcessFiles(SimulatedDisk& disk) : ProcessFiles(disk, Faults()) {}
  ProcessFiles(SimulatedDisk& disk, Faults faults);
  ProcessFiles(const ProcessFiles&) = delete;
  ProcessFiles& operator=(const ProcessFiles&) = delete;
  ~ProcessFiles() override { die(); }

  // What happens in the moment before the process dies.
  void before_death(std::function<void()> hook) { before_death_ = std::move(hook); }
  void die();
  [[nodiscard]] bool dead() const noexcept { return dead_; }
  // Nothing fails from now on.
  void heal() noexcept { faults_ = {}; }
  [[nodiscard]] std::uint64_t operations() const noexcept { return operations_; }
  // The calls that failed by the plan, but for those of its death.
  [[nodiscard]] const std::vector<Hit>& hits() const noexcept { return hits_; }
  // Each call becomes a line on the standard error.
  void trace() noexcept { traces_ = true; }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& dir) override;
  Status make_directory(const std::string& dir) override;
  Status sync_directory(const std::string& dir) override;
  Status remove_directory(const std::string& dir) override;
  // There is as much as anybody wants until a plan says otherwise.
  Result<Space> space(const std::string&) override { return Space{kPlenty, kPlenty}; }
  FileSystemKind kind(const std::string&) override { return FileSystemKind::disk; }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  bool is_locked(const std::string& path) override;

 private:
  class OpenFile;
  class HeldLock;

  static constexpr std::uint64_t kPlenty = std::uint64_t{1} << 50;

  // Why a call fails.
  struct Refusal {
    boost::system::error_code error;
    bool dying = false;  // this very call is the last
  };

  // Counts the call; nothing if it may go ahead.
  [[nodiscard]] std::optional<Refusal> refuse(Operation operation, const std::string& path,
                                              bool needs_room);
  [[nodiscard]] std::optional<int> planned_error(Operation operation, bool needs_room) noexcept;
  // A change that was under way when its process died has happened or not.
  [[nodiscard]] bool happens(const std::optional<Refusal>& refusal);
  void tell(Operation operation, const std::string& path, std::string_view outcome) const;

  SimulatedDisk& disk_;
  Faults faults_;
  std::uint64_t process_;
  std::uint64_t operations_ = 0;
  bool dead_ = false;
  std::function<void()> before_death_;
  bool traces_ = false;
  std::vector<Hit> hits_;
  std::string written_;  // what a write brings, reused
};

}  // namespace logboom::store
