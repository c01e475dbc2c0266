#include "messages/memory_budget.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

namespace conductor {
namespace {

TEST(a_memory_budget, sheds_batch_before_normal_before_interactive) {
  const memory_budget budget{1000};
  auto held = budget.open_share();
  const auto admitted = [&](std::uint64_t now, std::uint64_t more) {
    held.set(now);
    std::string who;
    for (const auto c :
         {priority_class::interactive, priority_class::normal, priority_class::batch})
      if (budget.admits(c, more))
        who += to_string(c)[0];
    return who;
  };
  EXPECT_EQ(admitted(0, 700), "inb");
  EXPECT_EQ(admitted(0, 701), "in");
  EXPECT_EQ(admitted(699, 1), "inb");
  EXPECT_EQ(admitted(700, 1), "in");
  EXPECT_EQ(admitted(850, 1), "i");
  EXPECT_EQ(admitted(999, 1), "i");
  EXPECT_EQ(admitted(1000, 1), "");
  EXPECT_EQ(admitted(1000, 0), "inb") << "who brings nothing is let in";
  EXPECT_FALSE(admitted(0, UINT64_MAX).size());
}

TEST(a_memory_budget, is_exhausted_until_something_is_given_back) {
  const memory_budget budget{10};
  {
    auto one = budget.open_share();
    auto other = budget.open_share();
    one.set(4);
    other.set(5);
    EXPECT_FALSE(budget.exhausted());
    other.set(6);
    EXPECT_TRUE(budget.exhausted());
    other.set(1);
    EXPECT_EQ(budget.held(), 5u);
  }
  EXPECT_EQ(budget.held(), 0u);
}

TEST(a_memory_budget, gives_one_key_no_more_than_its_part) {
  const memory_budget budget{1000, 300};
  const auto sum = std::make_shared<std::atomic<std::int64_t>>(0);
  {
    auto one = budget.open_share(sum);
    one.set(200);
    auto other = budget.open_share(sum);
    other.set(100);
    EXPECT_EQ(budget.held(), 300u);
    EXPECT_EQ(value_of(sum), 300u);
    EXPECT_TRUE(memory_budget::fits(budget.of_one_key(), value_of(sum), 0));
    EXPECT_FALSE(memory_budget::fits(budget.of_one_key(), value_of(sum), 1));
    other = budget.open_share();
    EXPECT_EQ(value_of(sum), 200u);
    EXPECT_TRUE(memory_budget::fits(budget.of_one_key(), value_of(sum), 100));
    EXPECT_FALSE(memory_budget::fits(budget.of_one_key(), value_of(sum), UINT64_MAX));
  }
  EXPECT_EQ(value_of(sum), 0u);
}

TEST(a_memory_budget, of_next_to_nothing_admits_nothing) {
  EXPECT_FALSE(memory_budget{50}.admits(priority_class::interactive, 1));
}

TEST(a_memory_budget, of_nothing_is_no_limit) {
  const memory_budget budget;
  auto held = budget.open_share();
  held.set(1u << 30);
  EXPECT_TRUE(budget.admits(priority_class::batch, 1u << 30));
  EXPECT_FALSE(budget.exhausted());
  EXPECT_TRUE(memory_budget::fits(budget.of_one_peer(), 1u << 30, 1u << 30));
}

} // namespace
} // namespace conductor
