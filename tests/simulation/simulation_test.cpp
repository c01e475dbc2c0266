#include "tests/simulation/checks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <string>
#include <vector>

namespace conductor::simulation {
namespace {

struct outcome {
  std::vector<std::string> broken;
  std::string table;
  std::uint64_t trace = 0;
};

/// The scenario's days, and then until nothing is left to do.
outcome play(const scenario& s) {
  const auto began = std::chrono::steady_clock::now();
  node subject{s};
  checks all{subject, s};
  const auto look = [&] { all.look(); };
  const auto now_s = [&] { return subject.around().time.elapsed(); };
  const auto end_s = s.days * 86'400;
  while (now_s() < end_s && !all.hopeless())
    subject.run(std::min(now_s() + 600, end_s), look);
  if (!all.hopeless()) {
    subject.stop_traffic();
    while (now_s() < end_s + 2 * 3600 && !subject.is_quiet())
      subject.run(now_s() + 60, look);
    subject.run(now_s() + 60, look);
    all.at_end();
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
  return {all.broken(), all.table(wall.count()), subject.trace()};
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const auto& one : all)
    text += "  " + one + "\n";
  return text;
}

/// One, or that of CONDUCTOR_SEED; with CONDUCTOR_LONG many.
std::vector<std::uint64_t> seeds() {
  if (const auto* one = std::getenv("CONDUCTOR_SEED"))
    return {std::strtoull(one, nullptr, 10)};
  std::vector<std::uint64_t> all;
  const std::uint64_t last = std::getenv("CONDUCTOR_LONG") == nullptr ? 2 : 60;
  for (std::uint64_t s = 1; s <= last; ++s)
    all.push_back(s);
  return all;
}

#ifdef __SANITIZE_ADDRESS__
constexpr double days = 0.25; // which is many times slower
#else
constexpr double days = 2;
#endif

TEST(simulation, keeps_its_promises_for_days_over_failing_servers) {
  for (const auto seed : seeds()) {
    auto s = mixed_fleet(seed);
    s.days = days;
    const auto o = play(s);
    std::printf("%s", o.table.c_str());
    EXPECT_TRUE(o.broken.empty()) << "replay with CONDUCTOR_SEED=" << seed << "\n"
                                  << joined(o.broken);
  }
}

TEST(simulation, is_the_same_run_for_the_same_seed) {
  auto s = mixed_fleet(3);
  s.days = 0.1;
  const auto first = play(s);
  EXPECT_EQ(first.trace, play(s).trace);
  s.seed = 4;
  EXPECT_NE(first.trace, play(s).trace);
}

/// A fault of the harness's making, and what the check that finds it says.
struct planted_fault {
  plant what;
  const char* said;
  friend void PrintTo(const planted_fault& f, std::ostream* out) { *out << f.said; }
};

/// Where that fault shows.
scenario made_for(plant what) {
  auto s = crowded_server(5);
  if (what == plant::unknown_places)
    s.how.backends.front().parallel.reset();
  if (what == plant::patient_ghosts) {
    s.asks.leaves = 0.5;
    s.asks.prompt_s = 10;
    s.asks.per_second = 0.05;
    s.asks.bursts_per_day = 1;
  }
  if (what == plant::many_retries) {
    s = mixed_fleet(5);
    s.days = 0.25;
    s.asks.per_second = 1;
    s.befalls.every_s = 600;
    s.how.upstream.retries_per_second = 0;
  }
  s.planted = what;
  return s;
}

class a_planted_fault : public ::testing::TestWithParam<planted_fault> {};

TEST_P(a_planted_fault, is_found) {
  const auto& [what, said] = GetParam();
  const auto o = play(made_for(what));
  EXPECT_TRUE(std::any_of(
      o.broken.begin(), o.broken.end(),
      [&, said = said](const auto& b) { return b.find(said) != std::string::npos; }))
      << "no check says \"" << said << "\", but\n"
      << joined(o.broken) << o.table;
}

INSTANTIATE_TEST_SUITE_P(
    simulation, a_planted_fault,
    ::testing::Values(
        planted_fault{plant::keeps_lease, "leases out, and"},
        planted_fault{plant::last_come_first, "is its flow's first for"},
        planted_fault{plant::forgets_one, "is its flow's first for"},
        planted_fault{plant::holds_back, "has a free place"},
        planted_fault{plant::ends_twice, "had 2 terminal events"},
        planted_fault{plant::loses_end, "requests, and the node waits for"},
        planted_fault{plant::loses_record, "got another answer than was given"},
        planted_fault{plant::one_flow, "light flows waited"},
        planted_fault{plant::more_places, "answers of one model are under way"},
        planted_fault{plant::unknown_places, "inside servers"},
        planted_fault{plant::two_loads, "loads at once"},
        planted_fault{plant::many_retries, "more was asked again elsewhere"},
        planted_fault{plant::patient_ghosts, "s old at"}),
    [](const auto& info) { return std::to_string(static_cast<int>(info.param.what)); });

TEST(simulation, finds_nothing_where_nothing_is_planted) {
  for (const auto what :
       {plant::none, plant::unknown_places, plant::patient_ghosts, plant::many_retries}) {
    auto s = made_for(what);
    s.planted = plant::none;
    const auto o = play(s);
    EXPECT_TRUE(o.broken.empty()) << joined(o.broken) << o.table;
  }
}

} // namespace
} // namespace conductor::simulation
