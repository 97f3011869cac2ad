#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "store/reader.hpp"
#include "store/recovery.hpp"
#include "store/store.hpp"
#include "tests/crash/process_files.hpp"
#include "tests/crash/simulated_disk.hpp"

namespace logboom::store {
namespace {

constexpr const char* kDir = "/data";
constexpr std::string_view kFirst = R"(,"body":"a"})";

void publish(Producer& producer, std::string_view text) {
  StagingChain& chain = producer.open();
  std::memcpy(chain.reserve(text.size()), text.data(), text.size());
  chain.append(text.size(), text.size() - 1, {.observed_ns = 1});
  producer.publish();
}

// One commit of two frames in one page, of which the second is torn.
std::unique_ptr<SimulatedDisk> torn_commit() {
  auto disk = std::make_unique<SimulatedDisk>(1, SimulatedDisk::Conduct{});
  ProcessFiles files(*disk);
  Options options;
  options.dir = kDir;
  options.producers = 2;
  options.threads = false;
  options.files = &files;
  const auto store = Store::open(options);
  EXPECT_TRUE(store.has_value());
  publish((*store)->producer(0), kFirst);
  publish((*store)->producer(1), R"(,"body":"b"})");
  (*store)->turn(Store::Worker::committer);
  files.die();

  ProcessFiles surgery(*disk);
  const std::string segments = std::string(kDir) + "/segments";
  const auto names = surgery.list(segments);
  auto file = surgery.open(segments + "/" + names->back(), OpenMode::read_write);
  constexpr std::uint64_t kFrame =
      align_up(sizeof(FrameHeader) + sizeof(RecordHead) + kFirst.size(), kFrameAlignment);
  constexpr std::uint64_t kSecondFrame = kCommitAlignment + kFrame;
  char second[sizeof(FrameHeader)];
  EXPECT_EQ(*(*file)->read_at(second, sizeof second, kSecondFrame), sizeof second);
  EXPECT_TRUE(is_intact(load_header<FrameHeader>(second)));
  EXPECT_TRUE((*file)->write_at("torn", kSecondFrame + sizeof(FrameHeader)).has_value());
  EXPECT_TRUE((*file)->sync().has_value());
  return disk;
}

std::uint64_t damage_seen(SimulatedDisk& disk) {
  ProcessFiles files(disk);
  ReaderOptions options;
  options.files = &files;
  auto reader = Reader::open(kDir, options);
  EXPECT_TRUE(reader.has_value());
  EXPECT_TRUE(reader->next().has_value());
  EXPECT_FALSE(reader->next().has_value());
  return reader->damaged_regions();
}

// The call that failed, if there are so many.
std::optional<ProcessFiles::Operation> recover(SimulatedDisk& disk, std::uint64_t failing_call) {
  ProcessFiles::Faults faults;
  faults.io_error_at = failing_call;
  ProcessFiles files(disk, faults);
  const DataPaths paths{kDir};
  const Options options;
  static_cast<void>(recover_segments(files, paths, Health(options)));
  if (files.hits().empty()) return std::nullopt;
  return files.hits().front().operation;
}

TEST(RecoveryCrashTest, ATornTailIsNoDamageWhicheverSyncFailsWhileItIsCutOff) {
  constexpr std::uint64_t kSeeds = 300;
  const auto torn = torn_commit();
  std::uint64_t syncs = 0;
  std::optional<ProcessFiles::Operation> failed = ProcessFiles::Operation::list;
  for (std::uint64_t call = 1; failed; ++call) {
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const auto disk = torn->after_power_cut(seed);
      failed = recover(*disk, call);
      if (failed != ProcessFiles::Operation::sync) break;
      ++syncs;
      ASSERT_EQ(damage_seen(*disk), 0u) << "seed " << seed << ", call " << call;
    }
  }
  EXPECT_GE(syncs, 3 * kSeeds);
}

}  // namespace
}  // namespace logboom::store
