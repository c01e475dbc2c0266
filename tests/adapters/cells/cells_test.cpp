#include "adapters/cells/cells.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace conductor::test {
namespace {

constexpr std::array bounds{1., 2., 4.};

TEST(a_histogram_cell, counts_what_is_as_large_as_a_bound_below_it) {
  histogram_cell cell{bounds};
  for (const double v : {0., 1., 1.5, 2., 3., 4., 5., 1e9})
    cell.observe(v);
  const auto r = cell.read();
  EXPECT_EQ(r.counts, (std::vector<std::uint64_t>{2, 2, 2, 2}));
  EXPECT_DOUBLE_EQ(r.sum, 16.5 + 1e9);
  EXPECT_TRUE(r.exemplars.empty());
}

TEST(a_histogram_cell, keeps_the_last_exemplar_of_each_bucket) {
  histogram_cell cell{bounds, true};
  cell.observe(1.5, {1, 2, 1.5, 10});
  cell.observe(1.6, {3, 4, 1.6, 20});
  cell.observe(9, {5, 6, 9, 30});
  const auto r = cell.read();
  ASSERT_EQ(r.exemplars.size(), 4u);
  EXPECT_EQ(r.exemplars[0].at_ns, 0);
  EXPECT_EQ(r.exemplars[1].trace_high, 3u);
  EXPECT_DOUBLE_EQ(r.exemplars[1].value, 1.6);
  EXPECT_EQ(r.exemplars[3].trace_low, 6u);
}

TEST(a_histogram_reading, adds_up_what_lanes_counted) {
  histogram_cell one{bounds, true}, two{bounds, true};
  one.observe(1.5, {1, 1, 1.5, 10});
  two.observe(1.6, {2, 2, 1.6, 5});
  two.observe(8);
  histogram_reading sum;
  sum.add(one.read());
  sum.add(two.read());
  EXPECT_EQ(sum.counts, (std::vector<std::uint64_t>{0, 2, 0, 1}));
  EXPECT_DOUBLE_EQ(sum.sum, 11.1);
  EXPECT_EQ(sum.exemplars[1].trace_high, 1u) << "the younger one";
}

// One thread writes while another reads; ThreadSanitizer and a torn exemplar would tell.
TEST(cells, are_read_while_they_are_written) {
  histogram_cell cell{bounds, true};
  growing_list<std::string> list;
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= 20'000; ++i) {
      cell.observe(3, {i, i, static_cast<double>(i), static_cast<std::int64_t>(i)});
      if (i % 100 == 0)
        list.add(std::to_string(i));
    }
  });
  std::uint64_t before = 0;
  std::size_t torn = 0, grew_backwards = 0, last_length = 0;
  for (int i = 0; i < 2'000; ++i) {
    const auto r = cell.read();
    const auto& e = r.exemplars[2];
    torn += e.trace_high != e.trace_low || static_cast<double>(e.trace_low) != e.value;
    grew_backwards += r.counts[2] < before;
    before = r.counts[2];
    std::size_t length = 0;
    list.each([&](const std::string& text) { length += text.empty() ? 0 : 1; });
    grew_backwards += length < last_length;
    last_length = length;
  }
  writer.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(grew_backwards, 0u);
  EXPECT_EQ(cell.read().counts[2], 20'000u);
  EXPECT_EQ(list.size(), 200u);
}

} // namespace
} // namespace conductor::test
