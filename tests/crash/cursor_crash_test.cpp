#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "store/cursors.hpp"
#include "tests/crash/process_files.hpp"
#include "tests/crash/simulated_disk.hpp"

namespace logboom::store {
namespace {

// A process that has a cursor.
struct Process {
  explicit Process(SimulatedDisk& disk, ProcessFiles::Faults faults = {}) : files(disk, faults) {
    EXPECT_TRUE(files.make_directory(paths.root).has_value());
    EXPECT_TRUE(files.make_directory(paths.cursors()).has_value());
    EXPECT_TRUE(files.sync_directory("/").has_value());
    EXPECT_TRUE(files.sync_directory(paths.root).has_value());
    EXPECT_TRUE(cursors.load().has_value());
    EXPECT_TRUE(cursors.open({.name = "sink", .hold = {}}, 0).has_value());
  }

  DataPaths paths{"/data"};
  ProcessFiles files;
  Cursors cursors{files, paths};
};

std::uint64_t calls_until_moved(std::uint64_t seed) {
  SimulatedDisk disk(seed, {});
  { const Process first(disk); }
  Process second(disk);
  EXPECT_TRUE(second.cursors.move_to("sink", 10).has_value());
  return second.files.operations();
}

// Files are deleted because of where it stands.
TEST(CursorCrashTest, WhereACursorStandsWhenItIsOpenedItStandsAfterAPowerCut) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SimulatedDisk disk(seed, {});
    { const Process first(disk); }
    {
      ProcessFiles::Faults in_its_last_sync;
      in_its_last_sync.dies_at = calls_until_moved(seed);
      Process second(disk, in_its_last_sync);
      EXPECT_FALSE(second.cursors.move_to("sink", 10).has_value());
    }
    const std::uint64_t position = Process(disk).cursors.position("sink");
    const auto after = disk.after_power_cut(seed);
    EXPECT_EQ(Process(*after).cursors.position("sink"), position) << "seed " << seed;
  }
}

}  // namespace
}  // namespace logboom::store
