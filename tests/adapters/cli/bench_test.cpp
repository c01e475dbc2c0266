#include "adapters/cli/bench.hpp"
#include "adapters/cli/gpu_watch.hpp"
#include "adapters/cli/sample_stats.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>

namespace conductor::cli {
namespace {

TEST(quantile, interpolates_between_neighbours) {
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile({1, 2, 3, 4, 5}, 0.1), 1.4);
  EXPECT_DOUBLE_EQ(quantile({7}, 0.9), 7);
  EXPECT_DOUBLE_EQ(quantile({1, 2}, 1), 2);
}

TEST(bootstrap, is_the_same_for_the_same_seed_and_holds_the_median) {
  std::vector<double> sample{1, 5, 2, 4, 3, 9, 7};
  auto a = bootstrap_median(sample, 3), b = bootstrap_median(sample, 3);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  EXPECT_LE(a.low, 4);
  EXPECT_GE(a.high, 4);
}

TEST(bootstrap, covers_the_truth_about_as_often_as_it_says) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise(1, 2);
  int hits = 0;
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> sample(25);
    for (auto& v : sample)
      v = noise(random);
    auto i = bootstrap_median(sample, 1, 500);
    hits += i.low <= 1 && 1 <= i.high;
  }
  EXPECT_GE(hits, 176); // 190 expected
}

TEST(verdict, says_more_less_none_or_not_enough) {
  EXPECT_EQ(verdict("the first token", {0.1, 0.25}, "ms", 10),
            "Conductor adds between 0.10 and 0.25 ms to the first token");
  EXPECT_EQ(verdict("the first token", {-0.25, -0.1}, "ms", 10),
            "Conductor takes between 0.10 and 0.25 ms off the first token");
  EXPECT_EQ(verdict("the speed", {-1, 2}, "tokens/s", 10),
            "the speed: no difference that this run could show (between -1.00 and 2.00 "
            "tokens/s)");
  EXPECT_EQ(verdict("the speed", {1, 2}, "tokens/s", 5),
            "the speed: too few rounds for a verdict, 6 are the least");
}

bench_result example() {
  bench_result r;
  r.model = std::string("m");
  for (int i = 0; i < 10; ++i) {
    r.direct.timings.push_back({10.0 + i, 100.0 + i, 50});
    r.conductor.timings.push_back({10.5 + i, 100.0 + i, 50});
  }
  return r;
}

TEST(bench_report, compares_pairs_and_not_crowds) {
  auto doc = nlohmann::json::parse(bench_json(example()));
  auto first = doc["difference"]["first_ms"];
  EXPECT_DOUBLE_EQ(first["low"], 0.5);
  EXPECT_DOUBLE_EQ(first["high"], 0.5);
  EXPECT_EQ(doc["direct"]["first_ms"]["median"], 14.5);
  EXPECT_EQ(doc["direct"]["first_ms"]["samples"].size(), 10u);
  auto text = bench_text(example());
  EXPECT_NE(text.find("Conductor adds between 0.50 and 0.50 ms to the first token"),
            text.npos);
  EXPECT_NE(text.find("the whole answer: no difference"), text.npos);
  EXPECT_NE(text.find("no GPU seen"), text.npos);
}

TEST(bench_report, shows_the_gpu_where_there_is_one) {
  auto r = example();
  r.gpu_seen = true;
  r.direct.gpu = {{90, 300}, {100, 320}};
  auto text = bench_text(r);
  EXPECT_NE(text.find("no sample"), text.npos);
  EXPECT_NE(text.find("95.00 (91.00 to 99.00) "), text.npos) << text;
}

TEST(gpu_line, adds_up_the_gpus_of_one_moment) {
  std::vector<gpu_sample> samples;
  for (const auto* line : {"0, 40, 100.50", "1, 90, 200.25", "0, 10, [N/A]"})
    add_gpu_line(line, samples);
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].percent, 90);
  EXPECT_EQ(samples[0].watts, 300.75);
  EXPECT_EQ(samples[1].watts, 0);
}

} // namespace
} // namespace conductor::cli
