#include "store/numbers.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/store/faulty_files.hpp"
#include "tests/store/store_fixture.hpp"

namespace logboom::store {
namespace {

class NumbersTest : public ::testing::Test {
 protected:
  [[nodiscard]] Numbers open(std::uint64_t floor = 1) {
    auto numbers = Numbers::open(files_, temp_.path(), floor);
    EXPECT_TRUE(numbers.has_value());
    return std::move(*numbers);
  }

  void flip_bit_in_slot(std::size_t slot) {
    auto file = os_files().open(temp_.path() + "/numbers", OpenMode::read_write);
    char byte = 0;
    ASSERT_TRUE((*file)->read_at(&byte, 1, slot * kCommitAlignment + 16).has_value());
    byte = static_cast<char>(byte ^ 4);
    ASSERT_TRUE((*file)->write_at({&byte, 1}, slot * kCommitAlignment + 16).has_value());
  }

  void write_zeros_to_slot(std::size_t slot) {
    auto file = os_files().open(temp_.path() + "/numbers", OpenMode::read_write);
    const std::string zeros(sizeof(NumbersSlot), '\0');
    ASSERT_TRUE((*file)->write_at(zeros, slot * kCommitAlignment).has_value());
  }

  TempDir temp_;
  FaultyFiles files_;
};

TEST_F(NumbersTest, BeginsWithOne) {
  EXPECT_EQ(*open().take(5), 1u);
}

TEST_F(NumbersTest, VerifyFindsADamagedSlot) {
  const std::string dir = temp_.path() + "/data";
  Options made;
  made.dir = dir;
  made.limits.wall = {.bytes_max = 0, .percent_max = 100, .free_bytes_min = 0};
  { ASSERT_TRUE(Store::open(made).has_value()); }
  ASSERT_TRUE(verify(dir)->intact());
  auto file = os_files().open(dir + "/numbers", OpenMode::read_write);
  ASSERT_TRUE((*file)->write_at("x", 3).has_value());
  EXPECT_FALSE(verify(dir)->intact());
}

TEST_F(NumbersTest, SyncsOncePerBlock) {
  Numbers numbers = open();
  EXPECT_EQ(*numbers.take(1), 1u);
  const std::uint64_t syncs = files_.syncs("numbers");
  EXPECT_EQ(*numbers.take(Numbers::kBlock - 1), 2u);
  EXPECT_EQ(files_.syncs("numbers"), syncs);
  EXPECT_EQ(*numbers.take(1), Numbers::kBlock + 1);
  EXPECT_EQ(files_.syncs("numbers"), syncs + 1);
}

TEST_F(NumbersTest, GoesOnBehindTheBlockUnlessClosed) {
  EXPECT_EQ(*open().take(3), 1u);
  Numbers second = open();
  EXPECT_EQ(second.next(), Numbers::kBlock + 1);
  EXPECT_EQ(*second.take(3), Numbers::kBlock + 1);
  ASSERT_TRUE(second.close().has_value());
  EXPECT_EQ(open().next(), Numbers::kBlock + 4);
}

TEST_F(NumbersTest, NeverGoesBackWhenEitherSlotIsDamaged) {
  std::uint64_t used_below = 1;
  for (int round = 0; round < 4; ++round) {
    for (std::size_t slot = 0; slot < 2; ++slot) {
      Numbers numbers = open();
      EXPECT_GE(*numbers.take(Numbers::kBlock + 7), used_below);
      used_below = numbers.next();
      flip_bit_in_slot(slot);
    }
  }
  EXPECT_GE(open().next(), used_below);
}

TEST_F(NumbersTest, ASlotOfZerosIsDamageOnceBothWereWritten) {
  std::uint64_t used_below = 1;
  {
    Numbers numbers = open();
    EXPECT_TRUE(numbers.take(1).has_value());
    EXPECT_TRUE(numbers.take(Numbers::kBlock).has_value());
    EXPECT_TRUE(numbers.take(Numbers::kBlock).has_value());
    used_below = numbers.next();
  }
  write_zeros_to_slot(1);  // the third and newest is there
  EXPECT_GE(open().next(), used_below);
}

TEST_F(NumbersTest, SkipsABlockWhenTheFileIsGoneBesideRecords) {
  EXPECT_EQ(*open(500).take(1), 500u + Numbers::kBlock);
}

TEST_F(NumbersTest, AFailedReservationLeavesTheLastOneReadable) {
  Numbers numbers = open();
  EXPECT_TRUE(numbers.take(5).has_value());
  files_.fail(FaultyFiles::Operation::sync, "numbers", ENOSPC);
  for (int attempt = 0; attempt < 2; ++attempt) {
    EXPECT_FALSE(numbers.take(Numbers::kBlock).has_value());
  }
  files_.heal();
  flip_bit_in_slot(0);  // the one that was being written
  EXPECT_EQ(open().next(), 1 + 2 * Numbers::kBlock);
}

TEST_F(NumbersTest, StaysAboveTheFloor) {
  EXPECT_EQ(*open().take(1), 1u);
  const std::uint64_t floor = 5 * Numbers::kBlock;
  EXPECT_EQ(*open(floor).take(1), floor);
}

TEST_F(NumbersTest, GivesNoNumberThatCouldNotBeReserved) {
  Numbers numbers = open();
  files_.fail(FaultyFiles::Operation::sync, "numbers", EIO);
  EXPECT_FALSE(numbers.take(1).has_value());
}

}  // namespace
}  // namespace logboom::store
