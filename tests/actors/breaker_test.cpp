#include "actors/breaker.hpp"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using state = breaker::state;

class a_breaker : public ::testing::Test {
protected:
  void trip() {
    for (int i = 0; i < 3; ++i)
      what.failed(now, 0);
    ASSERT_EQ(what.now(now), state::open);
  }

  breaker::time_point now{1h};
  breaker what;
};

TEST(breakers, trip_on_three_failures_in_ten_seconds_that_are_no_fewer_than_successes) {
  struct failure {
    milliseconds at;
    std::uint64_t successes;
  };
  const struct {
    std::vector<failure> failures;
    bool trips;
  } table[] = {
      {{}, false},
      {{{0ms, 0}}, false},
      {{{0ms, 0}, {1ms, 0}}, false},
      {{{0ms, 0}, {1ms, 0}, {2ms, 0}}, true},
      {{{0ms, 0}, {5s, 0}, {9999ms, 0}}, true},
      {{{0ms, 0}, {5s, 0}, {10s, 0}}, false},
      {{{0ms, 0}, {5s, 0}, {10s, 0}, {14s, 0}}, true},
      {{{0ms, 0}, {1ms, 3}, {2ms, 0}}, true},
      {{{0ms, 0}, {1ms, 4}, {2ms, 0}}, false},
      {{{0ms, 0}, {1ms, 4}, {2ms, 0}, {3ms, 0}}, true},
      {{{0ms, 100}, {1ms, 0}, {2ms, 0}}, false}, // they may be recent
      {{{0ms, 100}, {10001ms, 0}, {10002ms, 0}, {10003ms, 0}}, true},
      {{{0ms, 0}, {1h, 3600}, {1h, 0}, {1h, 0}}, false}, // ten of them are recent
      {{{0ms, 0}, {1h, 1000}, {1h, 0}, {1h, 0}}, true},  // less than three are
  };
  for (const auto& row : table) {
    SCOPED_TRACE(testing::Message() << "row " << &row - table);
    breaker what;
    breaker::time_point now{};
    for (const auto& f : row.failures) {
      EXPECT_EQ(what.now(now), state::closed);
      now = breaker::time_point{} + f.at;
      what.failed(now, f.successes);
    }
    EXPECT_EQ(what.now(now) == state::open, row.trips);
    EXPECT_EQ(what.may_try(now), !row.trips);
    EXPECT_EQ(what.until().has_value(), row.trips);
  }
}

TEST_F(a_breaker, never_trips_where_one_of_a_hundred_fails) {
  for (const double per_second : {1.0, 30.0, 1000.0})
    for (unsigned seed = 1; seed <= 5; ++seed) {
      std::mt19937 random(seed);
      std::exponential_distribution<double> gap(per_second);
      std::bernoulli_distribution fails(0.01);
      breaker busy;
      std::uint64_t successes = 0;
      for (int i = 0; i < 100'000; ++i) {
        now += std::chrono::nanoseconds(static_cast<std::int64_t>(gap(random) * 1e9));
        if (fails(random))
          busy.failed(now, std::exchange(successes, 0));
        else
          ++successes;
        ASSERT_TRUE(busy.may_try(now)) << i;
      }
    }
}

TEST_F(a_breaker, trips_soon_where_a_busy_backend_dies) {
  for (int i = 0; i < 10; ++i)
    what.failed(now += 1s, 99);
  int failures = 0;
  while (what.now(now) == state::closed) {
    what.failed(now += 10ms, 0);
    ASSERT_LT(++failures, 1000); // as many as a window has
  }
  EXPECT_GT(failures, 100); // it is still far from sure
}

TEST_F(a_breaker, tries_one_when_its_pause_is_over) {
  trip();
  EXPECT_EQ(what.until(), now + 1s);
  EXPECT_FALSE(what.may_try(now + 999ms));
  now += 1s;
  EXPECT_EQ(what.now(now), state::half_open);
  EXPECT_TRUE(what.may_try(now));
  what.trying();
  EXPECT_FALSE(what.may_try(now + 1h));
  what.released();
  EXPECT_TRUE(what.may_try(now));
  what.trying();
  what.succeeded();
  EXPECT_EQ(what.now(now), state::closed);
  EXPECT_TRUE(what.may_try(now));
  EXPECT_FALSE(what.until());
}

TEST_F(a_breaker, doubles_its_pause_with_each_failed_trial) {
  trip();
  for (const auto pause : {2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    now = *what.until();
    what.trying();
    what.failed(now, 0);
    EXPECT_EQ(what.until(), now + pause);
    EXPECT_EQ(what.now(now), state::open);
  }
  now = *what.until();
  what.trying();
  what.succeeded();
  trip();
  EXPECT_EQ(what.until(), now + 1s);
}

TEST_F(a_breaker, is_not_moved_by_failures_of_what_was_under_way) {
  trip();
  const auto until = what.until();
  for (int i = 0; i < 50; ++i)
    what.failed(now += 10ms, 0);
  EXPECT_EQ(what.until(), until);
  what.failed(now += 10s, 0);
  EXPECT_TRUE(what.may_try(now));
}

TEST_F(a_breaker, starts_anew_once_it_closed) {
  what.failed(now, 0);
  what.failed(now, 3);
  what.failed(now, 0);
  ASSERT_EQ(what.until(), now + 1s);
  now += 1s;
  what.trying();
  what.succeeded();
  what.failed(now, 1);
  what.failed(now, 0);
  EXPECT_EQ(what.now(now), state::closed);
  what.failed(now, 0);
  EXPECT_EQ(what.now(now), state::open);
}

TEST_F(a_breaker, knows_no_trial_while_it_is_closed) {
  what.trying();
  EXPECT_TRUE(what.may_try(now));
  what.failed(now, 0);
  EXPECT_EQ(what.now(now), state::closed);
  trip(); // the trial before is not one of it
  EXPECT_TRUE(what.may_try(*what.until()));
}

} // namespace
} // namespace conductor::test
