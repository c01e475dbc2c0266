#include "actors/retry_budget.hpp"

#include <gtest/gtest.h>

#include <random>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;
using time_point = retry_budget::time_point;

int taken(retry_budget& budget, time_point now, int tries) {
  int times = 0;
  for (int i = 0; i < tries; ++i)
    times += budget.take(now);
  return times;
}

TEST(a_retry_budget, allows_a_burst_and_then_what_comes_back) {
  retry_budget budget{0.5, 3};
  time_point now{1h};
  EXPECT_EQ(taken(budget, now, 5), 3);
  EXPECT_EQ(budget.refused(), 2u);
  EXPECT_FALSE(budget.take(now += 1s));
  EXPECT_TRUE(budget.take(now += 1s));
  EXPECT_FALSE(budget.take(now));
  EXPECT_EQ(taken(budget, now += 1h, 5), 3); // no more than a burst is saved
  EXPECT_EQ(budget.refused(), 6u);
}

TEST(a_retry_budget, of_nothing_allows_nothing) {
  retry_budget budget{0, 0};
  EXPECT_EQ(taken(budget, time_point{} + 1h, 3), 0);
  EXPECT_EQ(budget.refused(), 3u);
  retry_budget once{0, 1};
  EXPECT_EQ(taken(once, time_point{}, 3), 1);
  EXPECT_FALSE(once.take(time_point{} + 24h));
}

TEST(a_retry_budget, gains_nothing_by_times_out_of_order) {
  retry_budget budget{1, 1};
  const time_point now{1h};
  EXPECT_TRUE(budget.take(now));
  EXPECT_FALSE(budget.take(now - 10s));
  EXPECT_FALSE(budget.take(now));
  EXPECT_TRUE(budget.take(now + 1s));
}

TEST(a_retry_budget, allows_neither_more_nor_less_in_any_time) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> rate(0.1, 10), burst(1, 20);
    const auto per_second = rate(random);
    const auto most = burst(random);
    std::exponential_distribution<double> gap(20); // more often than any rate
    retry_budget budget{per_second, most};
    double time = 0;
    unsigned allowed = 0;
    unsigned tries = 0;
    for (; tries < 20'000; ++tries) {
      time += gap(random);
      const auto now =
          time_point{} + std::chrono::nanoseconds(static_cast<std::int64_t>(time * 1e9));
      allowed += budget.take(now);
      ASSERT_LE(allowed, most + per_second * time + 1e-3);
    }
    EXPECT_GE(allowed, 0.95 * per_second * time);
    EXPECT_EQ(allowed + budget.refused(), tries);
  }
}

} // namespace
} // namespace conductor::test
