#include "store/os_file.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

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

}  // namespace
}  // namespace logboom::store
