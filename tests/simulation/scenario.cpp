#include "tests/simulation/scenario.hpp"

#include <optional>
#include <utility>

namespace conductor::simulation {
namespace {

model_facts facts(std::string name, char blob, double size, double load_s) {
  return {std::move(name), std::string(64, blob), size, load_s};
}
const auto alpha = facts("alpha:latest", 'a', 14, 9);
const auto other_alpha = facts("alias-of-alpha:latest", 'a', 14, 9);
const auto beta = facts("beta:latest", 'b', 14, 8);
const auto gamma_ = facts("gamma:latest", 'c', 5, 3);
const auto delta = facts("delta:latest", 'd', 3, 2);

void add(scenario& s, server_plan plan, std::optional<unsigned> told) {
  backend_settings b;
  b.name = plan.name;
  b.url.host = plan.name;
  b.parallel = told;
  if (told)
    s.befalls.fixed.insert(plan.name);
  s.how.backends.push_back(std::move(b));
  s.asks.servers.push_back(plan.name);
  s.servers.push_back(std::move(plan));
}

} // namespace

scenario mixed_fleet(std::uint64_t seed) {
  scenario s;
  s.seed = seed;
  dice chance(seed);
  const std::vector<unsigned> places{1, 2, 4};
  add(s, {"one", 2, 3, 24, 300, {alpha, beta, gamma_, delta}}, 2);
  add(s, {"two", chance.one_of(places), 3, 24, 120, {alpha, beta, gamma_}}, {});
  add(s,
      {"three", chance.one_of(places), 3, 24, 300, {alpha, other_alpha, gamma_, delta}},
      {});
  add(s, {"four", 1, 1, 24, 60, {beta, gamma_}}, 1);
  s.how.backends.back().max_loaded = 1;
  s.how.backends.back().tier = chance.chance(0.5) ? 1 : 0;
  s.how.backends.front().weight = 2;
  s.asks.models = {{"gamma:latest", "", 40},         {"gamma:latest", "num_ctx=8192", 4},
                   {"alpha:latest", "", 18},         {"alpha:latest", "num_ctx=16384", 2},
                   {"alias-of-alpha:latest", "", 4}, {"beta:latest", "", 16},
                   {"delta:latest", "", 14},         {"nowhere:latest", "", 0.3}};
  if (chance.chance(0.3)) {
    model_settings raised;
    raised.name = "gamma";
    raised.options = option_policy::raise;
    s.how.models.push_back(std::move(raised));
  }
  s.how.queue.max_wait = std::chrono::hours(4);
  s.how.upstream.retries_per_second = 1;
  return s;
}

scenario crowded_server(std::uint64_t seed) {
  scenario s;
  s.seed = seed;
  s.days = 3.0 / 24;
  add(s, {"one", 2, 3, 24, 300, {alpha, beta, gamma_}}, 2);
  s.asks.models = {{"gamma:latest", "", 1}};
  s.asks.per_second = 0.12;
  s.asks.swing = 0;
  s.asks.bursts_per_day = 72;
  s.asks.least_burst = 100;
  s.asks.most_burst = 300;
  s.asks.leaves = 0;
  s.befalls.every_s = 0;
  s.how.queue.max_wait = std::chrono::hours(24);
  return s;
}

} // namespace conductor::simulation
