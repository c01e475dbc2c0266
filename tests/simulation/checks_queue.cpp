#include "tests/simulation/checks.hpp"

#include "actors/runner.hpp"
#include "config/tables.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace conductor::simulation {
namespace {

constexpr double at_once_s = 1;  // a place that is free is given so soon,
constexpr double by_probe_s = 7; // or when a probe has told what is in memory
constexpr double crowded = 1.6;  // an answer takes longer beside three others

double rank_of(const job& j) {
  return static_cast<double>(j.asks->priority);
}

/// It is not pinned to another one, and did not fail there.
bool may_go_to(const ollama& server, const job& j) {
  return (j.asks->pinned.empty() || j.asks->pinned == server.name()) &&
         std::find(j.tried.begin(), j.tried.end(), server.name()) == j.tried.end();
}

} // namespace

const fleet::member* checks::member_of(const std::string& server) const {
  const auto& all = node_.dispatcher_now().servers.all();
  const auto m = std::find_if(all.begin(), all.end(), [&](const auto& one) {
    return one.told.status.name == server;
  });
  return m == all.end() ? nullptr : &*m;
}

/// It answers, is not known to fail, and has the model; the request may go there.
bool checks::could_serve(const ollama& server, const job& j) const {
  const auto* m = member_of(server.name());
  return m != nullptr && server.healthy() && m->told.status.state == backend_state::up &&
         !m->circuit.until() && server.has(j.model()) && may_go_to(server, j);
}

/// Every flow before it takes one turn, each turn may need a swap, and a swap waits for
/// its time, for the longest answer, and for a load; ageing comes before all.
double checks::longest_wait(const job& j) const {
  const auto& how = expected_.how.queue;
  double load_s = 0;
  for (const auto& s : expected_.servers)
    for (const auto& f : s.has)
      load_s = std::max(load_s, f.load_s);
  const auto flows = expected_.asks.light_flows + 1.0;
  return in_s(how.ageing) * rank_of(j) +
         (flows + 1) * (in_s(how.swap_after) + crowded * longest_answer_s_ + load_s);
}

void checks::bound_waits(double passed_s) {
  auto& k = node_.known();
  std::set<std::pair<std::string_view, std::string_view>> seen; // flows and targets
  std::map<std::string_view, bool> somebody;                    // could serve, by target
  for (const auto number : k.waiting) {
    auto& j = k.jobs[number];
    if (!j.takes_place() || !seen.emplace(j.flow, j.target).second)
      continue;
    const auto& all = node_.around().servers;
    const auto [known, fresh] = somebody.try_emplace(j.target, false);
    if (fresh)
      known->second = std::any_of(all.begin(), all.end(), [&](const auto& s) {
        return could_serve(*s.second, j);
      });
    j.starved_s += known->second ? passed_s : 0;
    longest_starved_s_ = std::max(longest_starved_s_, j.starved_s);
    if (j.starved_s > longest_wait(j)) {
      fault("request " + j.asks->id + " of " + j.flow + " (" + j.asks->model + " " +
            j.asks->runner_options + ", " + to_string(j.asks->priority) +
            ") is its flow's first for " + std::to_string(j.starved_s) + " s; " +
            said_of(j));
      j.starved_s = -1e9; // said once
    }
  }
}

/// Somebody waits long enough for another load there.
bool checks::swap_explains(const ollama& server, const job& j) const {
  const auto& k = node_.known();
  const auto now = node_.around().time.now();
  return std::any_of(k.waiting.begin(), k.waiting.end(), [&](const auto number) {
    const auto& other = k.jobs[number];
    const auto& model = other.model();
    return now - other.waits_since >= expected_.how.queue.swap_after &&
           may_go_to(server, other) &&
           (model != j.model() || other.asks->runner_options != j.asks->runner_options) &&
           server.has(model) &&
           server.free_places(model, other.asks->runner_options) == 0;
  });
}

/// How backends stand to it in DISPATCHER's eyes, for whoever replays the seed.
std::string checks::said_of(const job& j) const {
  const auto& st = node_.dispatcher_now();
  for (const auto& [ticket, w] : st.waits) {
    if (w.wish.about != j.asks)
      continue;
    std::string text = "DISPATCHER says";
    for (const auto& c : st.servers.assess(w.wish, st.sessions.last(w.wish.session),
                                           node_.around().time.now()))
      text += "; " + c.backend + ": " + c.why;
    return text;
  }
  return "DISPATCHER does not have it";
}

void checks::find_idle_places() {
  const auto& k = node_.known();
  const auto now = node_.around().time.elapsed();
  std::map<std::string, double> idle;
  std::set<std::string_view> seen_targets;
  for (const auto number : k.waiting) {
    const auto& j = k.jobs[number];
    if (!j.takes_place() || j.asks->bare || !seen_targets.insert(j.target).second)
      continue;
    const auto& model = j.model();
    for (const auto& [name, server] : node_.around().servers) {
      if (!could_serve(*server, j) || swap_explains(*server, j))
        continue;
      const auto& m = *member_of(name);
      const auto key = server->facts(model)->blob;
      const auto r = m.runners.find(key);
      const auto options =
          shape(find_model(expected_.how.models, model), model, j.asks->runner_options,
                j.asks->speaks, r == m.runners.end() ? nullptr : &r->second)
              .options;
      if (server->free_places(model, options) == 0)
        continue;
      const bool seen = r != m.runners.end() && r->second.loaded;
      const bool takes =
          seen && r->second.zombies.empty() && r->second.used() < r->second.room.limit();
      if (m.loading || (seen && !takes) || node_.around().loading[name] > 0)
        continue;
      const auto since = idle_since_.contains(j.target) ? idle_since_.at(j.target) : now;
      idle[j.target] = since;
      if (now - since > (seen ? at_once_s : by_probe_s)) {
        fault("request " + j.asks->id + " waits for " + j.asks->model + " " + options +
              " for " + std::to_string(in_s(node_.around().time.now() - j.waits_since)) +
              " s, and " + name + " has a free place; " + said_of(j));
        idle[j.target] = now + 1e6; // said once
      }
      break;
    }
  }
  idle_since_ = std::move(idle);
}

} // namespace conductor::simulation
