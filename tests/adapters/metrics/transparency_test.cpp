#include "adapters/metrics/transparency.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace conductor::test {
namespace {

TEST(paired_differences, know_no_bounds_of_one) {
  paired_differences d;
  d.add(3);
  EXPECT_DOUBLE_EQ(d.now().mean, 3);
  EXPECT_TRUE(std::isinf(d.now().low));
}

// 19 of 20 such intervals hold the true mean, whatever their size.
TEST(paired_differences, hold_the_true_mean_as_often_as_they_say) {
  std::mt19937 random{7};
  std::normal_distribution<double> noise{0.5, 2};
  for (const int size : {2, 3, 5, 20, 200}) {
    int holds = 0;
    for (int round = 0; round < 2000; ++round) {
      paired_differences d;
      for (int i = 0; i < size; ++i)
        d.add(noise(random));
      holds += d.now().low <= 0.5 && 0.5 <= d.now().high ? 1 : 0;
    }
    EXPECT_NEAR(holds / 2000., .95, .02) << size;
  }
}

TEST(paired_differences, forget_what_is_old) {
  paired_differences d;
  for (int i = 0; i < 1000; ++i)
    d.add(100);
  for (std::size_t i = 0; i < paired_differences::kept; ++i)
    d.add(1);
  EXPECT_DOUBLE_EQ(d.now().mean, 1);
  EXPECT_EQ(d.size(), paired_differences::kept);
}

} // namespace
} // namespace conductor::test
