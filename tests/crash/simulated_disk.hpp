#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/os_file.hpp"
#include "tests/crash/cached_file.hpp"
#include "tests/crash/dice.hpp"

namespace logboom::store {

// A disk and the kernel's page cache over it, in memory, the same for the same seed. Processes use
// it through ProcessFiles, which counts their calls and makes them fail. The fault model:
//   * Processes see the cache: all of them see each write, name and removal at once, and what one
//     did stays when it dies. Only its locks and what was under way go: of a write the first pages
//     are in the cache, another change has happened or has not.
//   * A power cut leaves what was synced, and of the rest any part: each sector of 512 bytes for
//     itself, any of the versions that it had since the last sync; any of a file's sizes, with
//     zeros where a size survived and the bytes did not. A sync of a file concerns its bytes and
//     size, not its name.
//   * Names made, changed and removed survive if their directory was synced; of the rest the first
//     few in the order they were made, or, with `unordered_names`, any that make sense together. A
//     directory that does not survive takes along what was in it, synced or not.
//   * A failed sync has written any part of the sectors. The others are taken for clean: a later
//     sync does not write them, and the cache may show them or what the disk has. Names and sizes
//     wait for the next sync.
//   * What was synced is never damaged, and reading never finds less than was written.
// A disk that lies does nothing on a sync and says that it has. One thread.
class SimulatedDisk {
 public:
  struct Conduct {
    bool unordered_names = false;
    bool lies = false;
  };
  struct Node {
    std::string path;  // the last it had
    CachedFile bytes;
  };
  using SharedNode = std::shared_ptr<Node>;

  SimulatedDisk(std::uint64_t seed, Conduct conduct);

  // The disk when the power is back. No process outlives the cut; this disk is of no use after it.
  [[nodiscard]] std::unique_ptr<SimulatedDisk> after_power_cut(std::uint64_t seed) const;

  // As the system calls.
  [[nodiscard]] Result<SharedNode> find(const std::string& path) const;
  [[nodiscard]] Result<SharedNode> create(const std::string& path);
  [[nodiscard]] Status rename(const std::string& from, const std::string& to);
  [[nodiscard]] Status remove(const std::string& path);
  [[nodiscard]] Status make_directory(const std::string& path);
  [[nodiscard]] Status remove_directory(const std::string& path);
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& path) const;
  [[nodiscard]] Status sync_directory(const std::string& path);
  void sync(Node& file) const;
  // A sync that fails half-way.
  void fail_sync_directory(const std::string& path);

  // False while another process has it.
  [[nodiscard]] bool lock(const Node& file, std::uint64_t process);
  void unlock(const Node& file, std::uint64_t process);
  void unlock_all(std::uint64_t process);
  [[nodiscard]] bool is_locked(const Node& file) const;

  [[nodiscard]] std::uint64_t new_process() noexcept { return ++processes_; }
  [[nodiscard]] Dice& dice() noexcept { return dice_; }

 private:
  struct Directory;
  struct Entry {
    SharedNode file;  // or
    std::shared_ptr<Directory> directory;

    bool operator==(const Entry&) const = default;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  // The entry is no longer at `from` and now at `to`, where either may be nowhere.
  struct Change {
    Entry entry;
    std::string from;
    std::string to;
  };
  struct Directory {
    Entries cached;
    Entries durable;
    std::vector<Change> unsynced;  // oldest first
  };
  struct Place {
    Directory* directory = nullptr;
    std::string name;
  };

  [[nodiscard]] Directory* directory_at(std::string_view path) const;
  [[nodiscard]] Result<Place> place_of(const std::string& path) const;
  static void change(Directory& directory, Change change);
  static bool make_sense(const Entries& entries, const Change& change);
  static void apply(Entries& entries, const Change& change);
  [[nodiscard]] Entries surviving_entries(const Directory& directory, Dice& dice) const;
  [[nodiscard]] Directory survivor(const Directory& directory, Dice& dice) const;

  Conduct conduct_;
  Dice dice_;
  Directory root_;
  std::map<const Node*, std::uint64_t> locks_;  // and the process that holds it
  std::uint64_t processes_ = 0;
};

}  // namespace logboom::store
