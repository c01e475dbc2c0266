#include "tests/simulation/traffic.hpp"

#include <algorithm>
#include <numbers>

namespace conductor::simulation {

double traffic::until_next(double elapsed_s) {
  // Poisson with a rate that changes: of the busiest hour's arrivals some are none.
  const auto most = plan_.per_second * (1 + plan_.swing);
  double waited = 0;
  for (;;) {
    waited += chance_.exponential(1 / most);
    const auto hour = (elapsed_s + waited) / 86'400 * 2 * std::numbers::pi;
    const auto rate = plan_.per_second * (1 - plan_.swing * std::cos(hour));
    if (chance_.uniform() * most < rate)
      return waited;
  }
}

const traffic_plan::share& traffic::model() {
  double all = 0;
  for (const auto& s : plan_.models)
    all += s.weight;
  auto at = chance_.between(0, all);
  for (const auto& s : plan_.models)
    if ((at -= s.weight) < 0)
      return s;
  return plan_.models.back();
}

client traffic::make(std::string flow, priority_class priority) {
  client c;
  c.asks = std::make_shared<scripted_request>();
  auto& r = *c.asks;
  const auto& wanted = model();
  const auto number = next_++;
  r.id = std::to_string(number);
  r.kind = request_kind::inference;
  r.model = wanted.model;
  r.runner_options = wanted.options;
  r.flow = std::move(flow);
  r.priority = priority;
  r.repeatable = !chance_.chance(0.03);
  r.streams = true;
  auto& q = r.asks;
  q.number = number;
  q.model = wanted.model;
  q.options = wanted.options;
  q.prompt_s = 0.05 + chance_.exponential(plan_.prompt_s);
  if (chance_.chance(0.05))
    q.prompt_s *= 10;
  const auto records = 3 + chance_.below(6);
  const auto gap = std::min(0.02 + chance_.exponential(plan_.answer_s) / 5, 8.0);
  for (std::size_t i = 1; i < records; ++i)
    q.gaps_s.push_back(gap * chance_.between(0.5, 1.5));
  if (chance_.chance(plan_.leaves)) {
    if (chance_.chance(0.6))
      c.patience_s = 0.3 + chance_.exponential(8);
    else
      c.leaves_at = 1 + chance_.below(records - 1);
  }
  return c;
}

client traffic::of_light_flow() {
  const auto kind = chance_.uniform();
  const auto priority = kind < plan_.batch ? priority_class::batch
                        : kind < plan_.batch + plan_.interactive
                            ? priority_class::interactive
                            : priority_class::normal;
  const auto user = chance_.below(plan_.light_flows);
  auto c = make("user " + std::to_string(user), priority);
  auto& r = *c.asks;
  if (chance_.chance(0.4))
    r.session = r.flow + "'s " + std::to_string(chance_.below(3));
  if (chance_.chance(plan_.pinned))
    r.pinned = chance_.one_of(plan_.servers);
  if (chance_.chance(plan_.relayed)) {
    r.kind = request_kind::relay;
    r.asks.relayed = true;
  } else if (chance_.chance(plan_.bare)) {
    r.bare = r.asks.bare = true;
    r.asks.unload = chance_.chance(0.3);
  }
  return c;
}

client traffic::of_heavy_flow() {
  return make(heavy, priority_class::normal);
}

} // namespace conductor::simulation
