#include "tests/simulation/checks.hpp"

#include <algorithm>
#include <utility>

namespace conductor::simulation {
namespace {

constexpr std::size_t backlog = 20; // of the heavy flow: it could use every place
constexpr unsigned enough = 30;     // requests, to judge by
constexpr double due_share = 0.6; // the rest of what is due comes when they end, or left

} // namespace

void checks::note_saturation(double passed_s) {
  std::size_t heavy = 0;
  const auto& k = node_.known();
  most_waiting_ = std::max(most_waiting_, k.waiting.size());
  for (const auto number : k.waiting)
    heavy += k.jobs[number].flow == traffic::heavy ? 1 : 0;
  saturated_s_ += saturated_ ? passed_s : 0;
  saturated_ = heavy >= backlog;
}

/// The side that a request counts for; null: none. Of one class, for classes are strict,
/// and of waits only those for the same model, which need the same places.
checks::side* checks::side_of(const job& j) {
  if (!saturated_ || j.asks->priority != priority_class::normal || !j.takes_place())
    return nullptr;
  return j.flow == traffic::heavy ? &heavy_ : &light_;
}

bool checks::compares(const job& j) const {
  const auto& common = expected_.asks.models.front();
  return j.asks->model == common.model && j.asks->runner_options == common.options &&
         j.asks->pinned.empty() && !j.asks->bare && j.tried.empty();
}

/// While the heavy flow has a backlog, light ones get what they ask for, up to their
/// share, and wait less than it.
void checks::judge_fairness() {
  if (light_.requests < enough || heavy_.requests < enough)
    return;
  const auto all = light_.gpu_s + heavy_.gpu_s;
  const auto flows = static_cast<double>(expected_.asks.light_flows);
  const auto due = std::min(light_.asked_s, all * flows / (flows + 1));
  if (light_.gpu_s < due_share * due)
    fault("light flows got " + std::to_string(light_.gpu_s) +
          " s while the heavy one had a backlog; " + std::to_string(due) + " s were due");
  const auto light = light_.waited_s / light_.requests;
  const auto heavy = heavy_.waited_s / heavy_.requests;
  // Where there are several models, which of them is loaded counts for more than a turn.
  if (expected_.asks.models.size() == 1 && light > heavy / 2)
    fault("light flows waited " + std::to_string(light) + " s on average and the heavy " +
          "one " + std::to_string(heavy) + " s");
}

} // namespace conductor::simulation
