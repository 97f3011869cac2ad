#include <cerrno>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/format.hpp"
#include "tests/store/faulty_files.hpp"
#include "tests/store/store_fixture.hpp"

namespace logboom::store {
namespace {

// A directory of each earlier version, as a killed server left it: a sealed file, a segment that
// was not closed, a refused record; and beside it the lines that `cat` of that version printed.
class VersionsTest : public StoreFixture, public ::testing::WithParamInterface<const char*> {
 protected:
  VersionsTest() {
    std::filesystem::copy(versions() + "/data", dir(), std::filesystem::copy_options::recursive);
  }

  [[nodiscard]] static std::string versions() {
    return std::string(LOGBOOM_STORE_VERSIONS) + "/" + GetParam();
  }

  [[nodiscard]] static std::vector<std::string> lines_then() {
    std::istringstream text(read_bytes(versions() + "/lines.ndjson"));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

  [[nodiscard]] static std::vector<std::string> lines_of(const std::string& dir) {
    std::vector<std::string> lines;
    for (const ReadRecord& record : read_all(dir)) lines.push_back(record.line);
    return lines;
  }

  [[nodiscard]] std::string format() const { return read_bytes(dir() + "/FORMAT"); }

  [[nodiscard]] std::unique_ptr<Store> open_in_turns() {
    Options made = options();
    made.threads = false;
    return must_open(made);
  }
};

TEST_P(VersionsTest, AReaderShowsItAsItWasAndChangesNothing) {
  ASSERT_FALSE(lines_then().empty());
  EXPECT_EQ(lines_of(dir()), lines_then());
  const auto counts = verify(dir(), {});
  ASSERT_TRUE(counts.has_value()) << counts.error();
  EXPECT_EQ(counts->records, lines_then().size());
  EXPECT_EQ(counts->damaged_regions, 0u);
  EXPECT_EQ(format(), GetParam() + std::string("\n"));
}

TEST_P(VersionsTest, AServerGoesOnWithItAndKeepsOlderBinariesAway) {
  std::vector<std::string> expected = lines_then();
  for (const char* body : {"first", "second"}) {
    const auto store = open_in_turns();
    EXPECT_EQ(format(), std::to_string(kFormatVersion) + "\n");
    EXPECT_EQ(commit_in_turn(*store, body_line(body)), CommitStatus::ok);
    expected.push_back(with_seq(body_line(body), store->stats().last_seq));
  }
  EXPECT_EQ(lines_of(dir()), expected);
  EXPECT_THAT(reports_.text(), ::testing::HasSubstr("older binaries refuse it"));
  EXPECT_EQ(reports_.text().find("older binaries"), reports_.text().rfind("older binaries"));
}

TEST_P(VersionsTest, ItsSegmentsAreSealedAsTheLinesThatTheyWere) {
  const auto store = open_in_turns();
  while (store->turn(Store::Worker::sealer)) {
  }
  EXPECT_TRUE(segment_files(dir()).empty());
  EXPECT_EQ(lines_of(dir()), lines_then());
}

TEST_P(VersionsTest, AServerCutsItsTornTailAndKeepsTheRest) {
  const std::string path = segment_files(dir()).back();
  std::string bytes = read_bytes(path);
  // The mark says that all before it had been durable: as if the crash had come before it.
  const std::size_t mark = bytes.rfind("LBFM");
  bytes.replace(mark, sizeof(FrameHeader), std::string(sizeof(FrameHeader), '\0'));
  const std::size_t last = bytes.rfind("LBFM");
  ASSERT_EQ(load_header<FrameHeader>(bytes.data() + last).kind, FrameKind::data);
  bytes[last + sizeof(FrameHeader) + 20] ^= 1;
  write_bytes(path, bytes);
  { const auto store = open_in_turns(); }
  std::vector<std::string> expected = lines_then();
  expected.pop_back();
  EXPECT_EQ(lines_of(dir()), expected);
  EXPECT_FALSE(std::filesystem::is_empty(dir() + "/quarantine"));
}

TEST_P(VersionsTest, NothingIsWrittenToItUnlessItsVersionCouldBe) {
  using Operation = FaultyFiles::Operation;
  const std::string path = segment_files(dir()).back();
  const std::string before = read_bytes(path);
  FaultyFiles files;
  Options made = options();
  made.files = &files;
  for (const Operation operation : {Operation::create, Operation::write, Operation::sync}) {
    files.fail(operation, ".FORMAT.new", EIO);
    const auto store = Store::open(made);
    ASSERT_FALSE(store.has_value());
    EXPECT_THAT(store.error(), ::testing::HasSubstr("cannot write " + dir() + "/FORMAT"));
    EXPECT_EQ(format(), GetParam() + std::string("\n"));
    EXPECT_EQ(read_bytes(path), before);
    EXPECT_EQ(segment_files(dir()).size(), 1u);
    files.heal();
  }
  EXPECT_NE(must_open(made), nullptr);
  EXPECT_EQ(lines_of(dir()), lines_then());
}

INSTANTIATE_TEST_SUITE_P(Store, VersionsTest, ::testing::Values("1", "2"));

}  // namespace
}  // namespace logboom::store
