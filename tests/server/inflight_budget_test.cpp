#include "server/inflight_budget.hpp"

#include <gtest/gtest.h>

namespace logboom::server {
namespace {

TEST(InflightBudgetTest, AdmitsUpToItsLimitAndWhoeverIsAloneBeyondIt) {
  InflightBudget budget(100);
  EXPECT_TRUE(budget.admits(0, 99));
  EXPECT_FALSE(budget.admits(0, 100));
  budget.charge(300);
  EXPECT_FALSE(budget.admits(299, 0));
  EXPECT_TRUE(budget.admits(300, 0));
  budget.release(201);
  EXPECT_TRUE(budget.admits(0, 0));
}

TEST(InflightBudgetTest, HasOneBatonAtATime) {
  InflightBudget budget(1);
  EXPECT_TRUE(budget.try_take_baton());
  EXPECT_FALSE(budget.try_take_baton());
  budget.give_back_baton();
  EXPECT_TRUE(budget.try_take_baton());
}

}  // namespace
}  // namespace logboom::server
