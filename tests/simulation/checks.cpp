#include "tests/simulation/checks.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace conductor::simulation {
namespace {

/// Counts that are less than none are very large.
constexpr std::size_t absurd = 1'000'000;
constexpr double burst_s = 10;       // of retries, in seconds of them
constexpr double most_hidden = 0.15; // waits inside servers, of what these gave

} // namespace

checks::checks(node& subject, const scenario& expected)
    : node_(subject)
    , expected_(expected)
    , retries_left_(burst_s * expected.how.upstream.retries_per_second) {
  node_.on_fault = [this](const std::string& text) { fault(text); };
  node_.on_came = [this](const job& j) {
    auto alone_s = j.asks->asks.prompt_s;
    for (const auto gap : j.asks->asks.gaps_s)
      alone_s += gap;
    longest_answer_s_ = std::max(longest_answer_s_, alone_s);
    if (auto* s = side_of(j))
      s->asked_s += alone_s;
  };
  node_.on_granted = [this](const job& j) {
    const auto& now = node_.around().time.now();
    const auto waited = in_s(now - j.waits_since);
    bound_places(j);
    auto& k = node_.known();
    const auto rank = static_cast<std::size_t>(j.asks->priority);
    k.longest_wait_s[rank] = std::max(k.longest_wait_s[rank], waited);
    k.waits_s[rank] += waited;
    ++k.granted[rank];
    if (auto* s = side_of(j); s != nullptr && compares(j)) {
      s->waited_s += waited;
      ++s->requests;
    }
  };
  node_.on_closed = [this](const job& j, double gpu_s) {
    if (auto* s = side_of(j))
      s->gpu_s += gpu_s;
  };
}

void checks::fault(const std::string& text) {
  char at[64];
  const auto t = node_.around().time.elapsed();
  std::snprintf(at, sizeof at, "seed %llu, %.3f s (day %.2f): ",
                static_cast<unsigned long long>(expected_.seed), t, t / 86'400);
  if (!hopeless())
    broken_.push_back(at + text);
}

void checks::look() {
  const auto now = node_.around().time.elapsed();
  const auto passed = now - last_look_s_;
  last_look_s_ = now;
  count_leases();
  bound_loads();
  bound_zombies();
  bound_retries(passed);
  note_saturation(passed);
  bound_waits(passed);
  find_idle_places();
}

/// A place that the node counts is somebody's, and the other way round.
void checks::count_leases() {
  const auto& st = node_.dispatcher_now();
  std::map<std::string, std::pair<std::size_t, std::size_t>> out;
  std::map<std::string, std::size_t> arrived;
  for (const auto& e : node_.around().open) {
    auto& [placed, relayed] = out[e->what.at->backend];
    ++(e->what.asked->kind == request_kind::inference ? placed : relayed);
    arrived[e->what.at->backend] += e->at_server() ? 1 : 0;
  }
  for (const auto& m : st.servers.all()) {
    const auto& name = m.told.status.name;
    const auto placed = out[name].first + node_.kept(name, true);
    const auto relayed = out[name].second + node_.kept(name, false);
    if (m.told.in_flight != placed || m.told.relayed != relayed)
      fault(name + " has " + std::to_string(m.told.in_flight) + " + " +
            std::to_string(m.told.relayed) + " leases out, and " +
            std::to_string(placed) + " + " + std::to_string(relayed) + " are held");
    const auto in_hand = node_.around().servers.at(name)->in_hand();
    if (in_hand != arrived[name])
      fault(name + " answers " + std::to_string(in_hand) +
            " requests, and the node waits " + "for " + std::to_string(arrived[name]));
    for (const auto& [key, r] : m.runners)
      if (r.running > absurd || r.used() > absurd || r.room.limit() > absurd)
        fault(name + " counts less than nothing");
  }
  if (st.queue.size() > absurd || st.queue.size() != st.waits.size())
    fault("the queue has " + std::to_string(st.queue.size()) + ", and " +
          std::to_string(st.waits.size()) + " wait");
}

/// With a number that was configured no more are sent than there are places.
void checks::bound_places(const job& j) {
  if (!j.takes_place())
    return;
  for (const auto& b : expected_.how.backends) {
    if (b.name != j.server || !b.parallel)
      continue;
    const auto open = node_.known().open.at({j.server, j.key});
    if (open > *b.parallel)
      fault(std::to_string(open) + " answers of one model are under way at " + b.name +
            ", which has " + std::to_string(*b.parallel) + " places");
  }
}

void checks::bound_loads() {
  for (const auto& [server, n] : node_.around().loading)
    if (n > 1 || n < 0)
      fault(std::to_string(n) + " loads at once on " + server);
}

/// None stays longer than its grace, and the moment until it is looked at.
void checks::bound_zombies() {
  const auto now = node_.around().time.now();
  const auto bound = expected_.how.queue.zombie_grace + std::chrono::milliseconds(250);
  for (const auto& m : node_.dispatcher_now().servers.all())
    for (const auto& [key, r] : m.runners)
      for (const auto& z : r.zombies)
        if (now - z.since > bound)
          fault("a zombie of " + r.model + " is " + std::to_string(in_s(now - z.since)) +
                " s old at " + m.told.status.name);
}

/// A bucket of our own beside the node's.
void checks::bound_retries(double passed_s) {
  const auto rate = static_cast<double>(expected_.how.upstream.retries_per_second);
  const auto again = node_.known().again - node_.dispatcher_now().retries.refused();
  retries_left_ += rate * passed_s - static_cast<double>(again - retries_seen_);
  retries_seen_ = again;
  if (retries_left_ < -0.01)
    fault("more was asked again elsewhere than upstream.retries_per_second allows");
  retries_left_ = std::min(retries_left_, rate * burst_s);
}

void checks::at_end() {
  const auto& st = node_.dispatcher_now();
  if (!st.queue.empty())
    fault(std::to_string(st.queue.size()) + " wait for ever");
  for (const auto& m : st.servers.all()) {
    const auto& name = m.told.status.name;
    if (m.told.in_flight + m.told.relayed > 0)
      fault(name + " has leases out after the end");
    for (const auto& [key, r] : m.runners)
      if (!r.zombies.empty() || r.running > 0)
        fault(name + " has zombies or answers of " + r.model + " after the end");
    if (!node_.around().servers.at(name)->is_idle())
      fault(name + " is still at work after the end");
    if (node_.kept(name, true) + node_.kept(name, false) > 0)
      fault("leases of " + name + " are kept after the end");
  }
  for (const auto& j : node_.known().jobs)
    if (j.at != job::stage::over)
      fault("request " + j.asks->id + " never ended; it is " +
            (j.at == job::stage::open ? "at " + j.server : "waiting"));
  judge_fairness();
  if (hidden_share() > most_hidden)
    fault("requests waited inside servers " + std::to_string(hidden_share()) +
          " times as long as these worked");
}

double checks::hidden_share() const {
  double hidden = 0, busy = 0;
  for (const auto& [name, s] : node_.around().servers) {
    hidden += s->so_far().hidden_s;
    busy += s->so_far().busy_s;
  }
  return busy == 0 ? 0 : hidden / busy;
}

} // namespace conductor::simulation
