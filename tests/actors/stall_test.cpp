#include "actors/stall.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <utility>
#include <vector>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using phase = answer_phase;

constexpr nanoseconds floor_of_all = 30s;

nanoseconds of_seconds(double s) {
  return nanoseconds(static_cast<std::int64_t>(s * 1e9));
}

/// Gaps of one answer, told as an answer tells them.
void tell(stall_detector& d, const std::vector<nanoseconds>& gaps) {
  nanoseconds sum{};
  for (const auto g : gaps)
    sum += g;
  d.saw_gaps(gaps.size(), sum / static_cast<std::int64_t>(gaps.size()),
             *std::max_element(gaps.begin(), gaps.end()));
}

/// Tells of `answers`, and says how often a gap was longer than was borne.
int suspected(stall_detector& d, int answers,
              const std::function<nanoseconds(int answer)>& gap) {
  int times = 0;
  for (int i = 0; i < answers; ++i) {
    std::vector<nanoseconds> gaps;
    const auto bear = d.patience(phase::decode);
    for (int j = 0; j < 50; ++j) {
      gaps.push_back(gap(i));
      times += bear && gaps.back() > *bear;
    }
    tell(d, gaps);
  }
  return times;
}

TEST(a_stall_detector, knows_loads_after_three_and_bears_them_four_floors) {
  stall_detector d{floor_of_all};
  d.saw(phase::load, 1s);
  d.saw(phase::load, 1s);
  EXPECT_FALSE(d.patience(phase::load));
  d.saw(phase::load, 1s);
  EXPECT_EQ(d.patience(phase::load), 4 * floor_of_all);
  EXPECT_EQ(d.patience_ms(phase::load), 4 * floor_of_all);
  EXPECT_EQ(d.patience_ms(phase::decode), 0ms);
  d.saw(phase::load, 60s); // from a cold disk
  EXPECT_GE(d.patience(phase::load), 10min);
}

TEST(a_stall_detector, says_nothing_before_twenty_samples) {
  for (auto p : {phase::prefill, phase::decode}) {
    stall_detector d{floor_of_all};
    for (int i = 0; i < 19; ++i) {
      d.saw(p, 1s);
      EXPECT_FALSE(d.patience(p));
    }
    d.saw(p, 1s);
    EXPECT_EQ(d.patience(p), floor_of_all);
  }
  stall_detector d{floor_of_all};
  d.saw_gaps(0, 1s, 1s);
  d.saw_gaps(19, 20ms, 30ms);
  EXPECT_FALSE(d.patience(phase::decode));
  d.saw_gaps(1, 20ms, 20ms);
  EXPECT_TRUE(d.patience(phase::decode));
}

TEST(a_stall_detector, knows_phases_apart_but_for_what_they_may_meet) {
  stall_detector d{floor_of_all};
  for (int i = 0; i < 20; ++i) {
    d.saw(phase::load, 40s);
    d.saw(phase::prefill, 4s);
    d.saw(phase::decode, 20ms);
  }
  EXPECT_EQ(*d.patience(phase::load), 400s);
  EXPECT_EQ(*d.patience(phase::prefill), 40s + 40s);
  EXPECT_EQ(*d.patience(phase::decode), floor_of_all + 4s);
}

TEST(a_stall_detector, finds_a_stop_of_a_steady_answer_when_the_floor_is_reached) {
  std::mt19937 random(1);
  std::normal_distribution<double> gap(0.02, 0.002);
  stall_detector d{floor_of_all};
  const auto steady = [&](int) { return of_seconds(std::max(gap(random), 0.001)); };
  EXPECT_EQ(suspected(d, 200, steady), 0);
  EXPECT_EQ(d.patience(phase::decode), floor_of_all);
}

TEST(a_stall_detector, suspects_no_burst_and_still_finds_a_stop) {
  for (const double sigma : {0.5, 1.0, 1.5})
    for (unsigned seed = 1; seed <= 20; ++seed) {
      SCOPED_TRACE(testing::Message() << "sigma " << sigma << ", seed " << seed);
      std::mt19937 random(seed);
      std::lognormal_distribution<double> gap(std::log(0.5), sigma);
      nanoseconds longest{};
      stall_detector d{floor_of_all};
      const auto bursty = [&](int) {
        const auto g = of_seconds(gap(random));
        longest = std::max(longest, g);
        return g;
      };
      EXPECT_EQ(suspected(d, 200, bursty), 0);
      const auto bear = *d.patience(phase::decode);
      EXPECT_GE(bear, 10 * longest * 8 / 10); // it decays slowly
      EXPECT_LE(bear, std::max(floor_of_all, 100 * longest));
    }
}

TEST(a_stall_detector, follows_what_slowly_gets_slower) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> noise(1, 0.1);
    stall_detector d{floor_of_all};
    double mean = 0.02;
    int last = 0;
    const auto slower = [&](int answer) {
      if (std::exchange(last, answer) != answer)
        mean *= 1.05;
      return of_seconds(mean * std::max(noise(random), 0.1));
    };
    EXPECT_EQ(suspected(d, 200, slower), 0);
    EXPECT_GT(mean, 300); // seconds: it did get slower
  }
}

TEST(a_stall_detector, is_patient_by_probability_where_delays_vary_and_none_was_long) {
  stall_detector d{1ns};
  // Logarithms of 1 s and 9 s: the deviation is ln 3, so 3 s * 3^7.03 are improbable.
  for (int i = 0; i < 1000; ++i)
    d.saw(phase::prefill, i % 2 == 0 ? 1s : 9s);
  const auto bear = std::chrono::duration<double>(*d.patience(phase::prefill)).count();
  EXPECT_GT(bear, 3 * std::pow(3, 6.7));
  EXPECT_LT(bear, 3 * std::pow(3, 7.4));
}

TEST(a_stall_detector, sees_in_the_longest_gap_how_much_the_gaps_of_an_answer_vary) {
  stall_detector even{1ns};
  stall_detector uneven{1ns};
  for (int i = 0; i < 100; ++i) {
    even.saw_gaps(100, 10ms, 12ms);
    uneven.saw_gaps(100, 10ms, 300ms);
  }
  EXPECT_EQ(*even.patience(phase::decode), 120ms);
  EXPECT_GT(*uneven.patience(phase::decode), 10s);
}

TEST(a_stall_detector, bears_all_that_it_ever_saw_end_and_no_more_than_a_day) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> which(0, 2);
    std::lognormal_distribution<double> delay(0, 2.5);
    std::uniform_int_distribution<std::uint64_t> count(1, 2000);
    stall_detector d{floor_of_all};
    nanoseconds longest[3] = {};
    for (int i = 0; i < 5000; ++i) {
      const auto p = which(random);
      const auto some = of_seconds(std::min(delay(random), 8e4));
      longest[p] = std::max(longest[p], some);
      if (p == 2)
        d.saw_gaps(count(random), some / 20, some);
      else
        d.saw(static_cast<phase>(p), some);
      for (int q = 0; q < 3; ++q)
        if (const auto bear = d.patience(static_cast<phase>(q))) {
          ASSERT_GE(*bear, longest[q]);
          ASSERT_GE(*bear, floor_of_all);
          ASSERT_LE(*bear, 24h);
        }
    }
  }
}

TEST(a_stall_detector, forgets_ten_times_an_exception_but_not_the_exception) {
  stall_detector d{floor_of_all};
  d.saw(phase::prefill, 100s);
  for (int i = 0; i < 20; ++i)
    d.saw(phase::prefill, 1s);
  EXPECT_GT(*d.patience(phase::prefill), 900s);
  for (int i = 0; i < 10'000; ++i)
    d.saw(phase::prefill, 1s);
  EXPECT_EQ(*d.patience(phase::prefill), 100s);
}

TEST(a_stall_detector, takes_delays_of_nothing) {
  stall_detector d{floor_of_all};
  for (int i = 0; i < 100; ++i) {
    d.saw(phase::load, 0ns);
    d.saw(phase::prefill, -1ns);
    d.saw_gaps(5, 0ns, 0ns);
  }
  for (auto p : {phase::prefill, phase::decode})
    EXPECT_LE(*d.patience(p) - floor_of_all, 1ns);
  EXPECT_LE(*d.patience(phase::load) - 4 * floor_of_all, 1ns);
}

} // namespace
} // namespace conductor::test
