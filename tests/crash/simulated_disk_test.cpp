#include "tests/crash/simulated_disk.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/crash/process_files.hpp"

namespace logboom::store {
namespace {

constexpr std::uint64_t kSeeds = 200;

class SimulatedDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(files_.make_directory("/d").has_value());
    ASSERT_TRUE(files_.sync_directory("/").has_value());
  }

  static std::unique_ptr<File> must_open(FileSystem& files, const std::string& path,
                                         OpenMode mode) {
    auto file = files.open(path, mode);
    EXPECT_TRUE(file.has_value()) << path;
    return file ? std::move(*file) : nullptr;
  }
  // A file whose name and bytes are durable.
  std::unique_ptr<File> durable_file(const std::string& path, std::string_view bytes) {
    auto file = must_open(files_, path, OpenMode::create);
    EXPECT_TRUE(file->write_at(bytes, 0).has_value());
    EXPECT_TRUE(file->sync().has_value());
    EXPECT_TRUE(files_.sync_directory("/d").has_value());
    return file;
  }
  static std::string bytes_of(SimulatedDisk& disk, const std::string& path) {
    ProcessFiles files(disk);
    const auto bytes = read_small_file(files, path);
    return bytes ? *bytes : "<" + bytes.error().message() + ">";
  }
  // What a file holds after power cuts of different seeds.
  std::set<std::string> outcomes(const std::string& path) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      seen.insert(bytes_of(*disk_.after_power_cut(seed), path));
    }
    return seen;
  }
  static std::string names(SimulatedDisk& disk) {
    std::string all;
    const auto names = disk.list("/d");
    if (!names) return "<none>";
    for (const std::string& name : *names) all += name;
    return all;
  }
  std::set<std::string> name_outcomes(SimulatedDisk& disk) {
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      seen.insert(names(*disk.after_power_cut(seed)));
    }
    return seen;
  }
  // Makes a and b, renames a to c.
  static void change_names(ProcessFiles& files) {
    must_open(files, "/d/a", OpenMode::create);
    must_open(files, "/d/b", OpenMode::create);
    ASSERT_TRUE(files.rename("/d/a", "/d/c").has_value());
  }

  SimulatedDisk disk_{1, {}};
  ProcessFiles files_{disk_};
};

TEST_F(SimulatedDiskTest, KeepsWhatWasSynced) {
  durable_file("/d/f", "kept");
  EXPECT_EQ(outcomes("/d/f"), std::set<std::string>{"kept"});
}

TEST_F(SimulatedDiskTest, LosesAnySectorsThatWereNotSynced) {
  const std::string before(1024, 'a');
  const auto file = durable_file("/d/f", before);
  ASSERT_TRUE(file->write_at(std::string(1024, 'b'), 0).has_value());
  const std::string a(512, 'a');
  const std::string b(512, 'b');
  EXPECT_EQ(outcomes("/d/f"), (std::set<std::string>{a + a, a + b, b + a, b + b}));
}

TEST_F(SimulatedDiskTest, MayKeepAVersionThatWasOverwrittenUnsynced) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SimulatedDisk disk(seed, {});
    ProcessFiles files(disk);
    const auto file = must_open(files, "/f", OpenMode::create);
    ASSERT_TRUE(file->write_at("1", 0).has_value());
    ASSERT_TRUE(file->sync().has_value());
    ASSERT_TRUE(files.sync_directory("/").has_value());
    ASSERT_TRUE(file->write_at("2", 0).has_value());
    ASSERT_TRUE(file->write_at("3", 0).has_value());
    seen.insert(bytes_of(*disk.after_power_cut(seed), "/f"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"1", "2", "3"}));
}

TEST_F(SimulatedDiskTest, AnUnsyncedSizeMaySurviveWithoutTheBytes) {
  const auto file = durable_file("/d/f", "a");
  ASSERT_TRUE(file->write_at("b", 512).has_value());
  const std::string zeros(511, '\0');
  EXPECT_EQ(outcomes("/d/f"), (std::set<std::string>{"a", "a" + zeros + '\0', "a" + zeros + "b"}));
}

TEST_F(SimulatedDiskTest, ACutMayBeUndoneUntilItIsSynced) {
  const auto file = durable_file("/d/f", "abcdef");
  ASSERT_TRUE(file->truncate(3).has_value());
  EXPECT_EQ(bytes_of(disk_, "/d/f"), "abc");
  // The kernel zeroes the rest of the sector and may write that before the size.
  const std::string zeroed = std::string("abc") + std::string(3, '\0');
  EXPECT_EQ(outcomes("/d/f"), (std::set<std::string>{"abc", "abcdef", zeroed}));
  ASSERT_TRUE(file->sync().has_value());
  ASSERT_TRUE(file->allocate(6).has_value());
  ASSERT_TRUE(file->sync().has_value());
  EXPECT_EQ(outcomes("/d/f"), std::set<std::string>{zeroed});
}

TEST_F(SimulatedDiskTest, NamesSurviveInTheirOrder) {
  change_names(files_);
  EXPECT_EQ(name_outcomes(disk_), (std::set<std::string>{"", "a", "ab", "bc"}));
  ASSERT_TRUE(files_.sync_directory("/d").has_value());
  ASSERT_TRUE(files_.remove("/d/b").has_value());
  EXPECT_EQ(name_outcomes(disk_), (std::set<std::string>{"bc", "c"}));
}

TEST_F(SimulatedDiskTest, UnorderedNamesSurviveInAnyOrderThatMakesSense) {
  SimulatedDisk disk(1, {.unordered_names = true});
  ProcessFiles files(disk);
  ASSERT_TRUE(files.make_directory("/d").has_value());
  ASSERT_TRUE(files.sync_directory("/").has_value());
  change_names(files);
  EXPECT_EQ(name_outcomes(disk), (std::set<std::string>{"", "a", "b", "ab", "c", "bc"}));
}

TEST_F(SimulatedDiskTest, ADirectoryThatIsNotSyncedTakesAlongWhatIsInIt) {
  SimulatedDisk disk(1, {});
  ProcessFiles files(disk);
  ASSERT_TRUE(files.make_directory("/d").has_value());
  must_open(files, "/d/a", OpenMode::create);
  ASSERT_TRUE(files.sync_directory("/d").has_value());
  EXPECT_EQ(name_outcomes(disk), (std::set<std::string>{"<none>", "a"}));
}

TEST_F(SimulatedDiskTest, ASyncThatFailsIsNotMadeUpForByALaterOne) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SimulatedDisk disk(seed, {});
    ProcessFiles files(disk, {.io_error_at = 4});
    const auto file = must_open(files, "/f", OpenMode::create);
    ASSERT_TRUE(files.sync_directory("/").has_value());
    ASSERT_TRUE(file->write_at("x", 0).has_value());
    ASSERT_EQ(file->sync().error(), os_error(EIO));
    ASSERT_TRUE(file->sync().has_value());
    seen.insert(bytes_of(*disk.after_power_cut(seed), "/f"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{std::string(1, '\0'), "x"}));
}

TEST_F(SimulatedDiskTest, AKilledProcessLeavesTheCacheAndLosesItsLocks) {
  const auto lock = files_.lock("/d/lock");
  ASSERT_TRUE(lock.has_value());
  const auto file = must_open(files_, "/d/f", OpenMode::create);
  ASSERT_TRUE(file->write_at("x", 0).has_value());
  ProcessFiles other(disk_);
  EXPECT_TRUE(other.is_locked("/d/lock"));
  EXPECT_EQ(other.lock("/d/lock").error(), os_error(EAGAIN));
  files_.die();
  EXPECT_FALSE(other.is_locked("/d/lock"));
  EXPECT_EQ(bytes_of(disk_, "/d/f"), "x");
  EXPECT_FALSE(file->write_at("y", 0).has_value());
  EXPECT_EQ(bytes_of(disk_, "/d/f"), "x");
}

TEST_F(SimulatedDiskTest, AWriteThatItsProcessDiesInLeavesWholePages) {
  std::set<std::size_t> seen;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SimulatedDisk disk(seed, {});
    ProcessFiles files(disk, {.dies_at = 2});
    const auto file = must_open(files, "/f", OpenMode::create);
    EXPECT_FALSE(file->write_at(std::string(6000, 'x'), 0).has_value());
    EXPECT_TRUE(files.dead());
    seen.insert(bytes_of(disk, "/f").size());
  }
  EXPECT_EQ(seen, (std::set<std::size_t>{0, 4096, 6000}));
}

TEST_F(SimulatedDiskTest, WithoutRoomOnlyWhatGrowsFails) {
  durable_file("/d/f", std::string(4096, 'x'));
  ProcessFiles full(disk_, {.no_room_from = 1});
  const auto file = must_open(full, "/d/f", OpenMode::read_write);
  EXPECT_TRUE(file->write_at("y", 4000).has_value());
  EXPECT_TRUE(file->sync().has_value());
  EXPECT_EQ(file->write_at("z", 4096).error(), os_error(ENOSPC));
  EXPECT_EQ(file->allocate(8192).error(), os_error(ENOSPC));
  EXPECT_EQ(full.open("/d/g", OpenMode::create).error(), os_error(ENOSPC));
  EXPECT_TRUE(full.rename("/d/f", "/d/g").has_value());
  EXPECT_TRUE(full.remove("/d/g").has_value());
  EXPECT_EQ(full.hits().size(), 3u);
}

TEST_F(SimulatedDiskTest, ADiskThatLiesKeepsNothingForCertain) {
  SimulatedDisk disk(1, {.lies = true});
  ProcessFiles files(disk);
  must_open(files, "/d", OpenMode::create);
  ASSERT_TRUE(files.sync_directory("/").has_value());
  std::set<bool> seen;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    seen.insert(disk.after_power_cut(seed)->find("/d").has_value());
  }
  EXPECT_EQ(seen, (std::set<bool>{false, true}));
}

}  // namespace
}  // namespace logboom::store
