#include "store/os_file.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/store/store_fixture.hpp"

namespace logboom::store {
namespace {

TEST(OsFileTest, ALockThatCannotBeAskedForCountsAsHeld) {
  const TempDir temp;
  const std::string path = temp.path() + "/LOCK";
  EXPECT_FALSE(os_files().is_locked(path));
  { EXPECT_TRUE(os_files().lock(path).has_value()); }
  EXPECT_FALSE(os_files().is_locked(path));
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{0, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_TRUE(os_files().is_locked(path));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
}

// The kernel fails a read into memory that may not be written as it fails one of a bad block.
TEST(OsFileTest, AReadThatFailsHalfwayGivesTheBytesInFrontOfIt) {
  const TempDir temp;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  auto file = os_files().open(temp.path() + "/file", OpenMode::create);
  ASSERT_TRUE((*file)->write_at(std::string(2 * page, 'x'), 0).has_value());
  void* const pages =
      ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  char* const bytes = static_cast<char*>(pages);
  ASSERT_EQ(::mprotect(bytes + page, page, PROT_NONE), 0);
  const auto got = (*file)->read_at(bytes, 2 * page, 0);
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(*got, page);
  EXPECT_EQ(bytes[page - 1], 'x');
  EXPECT_FALSE((*file)->read_at(bytes + page, page, page).has_value());
  ::munmap(pages, 2 * page);
}

// What is written is passed to the kernel in portions.
TEST(OsFileTest, PiecesOfAnyLengthAreWrittenOneBehindTheOther) {
  constexpr std::size_t kPortion = 512 * 1024;
  const TempDir temp;
  for (const std::vector<std::size_t>& lengths : std::vector<std::vector<std::size_t>>{
           {1},
           {kPortion},
           {kPortion + 1},
           {3 * kPortion + 5, 7, 0, 2 * kPortion},
           {kPortion - 1, 2, kPortion, 0, 3},
           std::vector<std::size_t>(3000, 700),
       }) {
    std::string wanted;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      for (std::size_t k = 0; k < lengths[i]; ++k) {
        wanted += static_cast<char>('a' + (k + i * k / 1000 + i) % 26);
      }
    }
    const std::string bytes = wanted;
    std::vector<iovec> pieces;
    std::size_t at = 0;
    for (const std::size_t length : lengths) {
      pieces.push_back({const_cast<char*>(bytes.data()) + at, length});
      at += length;
    }
    auto file = os_files().open(temp.path() + "/file", OpenMode::create);
    ASSERT_TRUE((*file)->write_at(std::span(pieces), 3).has_value());
    std::string got(wanted.size() + 1, '\0');
    EXPECT_EQ(*(*file)->read_at(got.data(), got.size(), 3), wanted.size());
    got.pop_back();
    EXPECT_TRUE(got == wanted) << lengths.size() << " pieces, the first of " << lengths.front();
    ASSERT_TRUE(os_files().remove(temp.path() + "/file").has_value());
  }
}

}  // namespace
}  // namespace logboom::store
