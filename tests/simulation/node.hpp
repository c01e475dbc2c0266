#pragma once

#include "actors/desk.hpp"
#include "tests/simulation/ledger.hpp"
#include "tests/simulation/scenario.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace conductor::simulation {

/// The state of an actor; nothing may be under way.
template <class State, class Handle>
const State& state_of(const Handle& who) {
  auto* a = caf::actor_cast<caf::abstract_actor*>(who);
  return dynamic_cast<caf::stateful_actor<State, typename Handle::base>&>(*a).state;
}

using tap_actor = places_actor::extend<caf::reacts_to<tick>>;
/// Stands between GENERATIONs and their DESK: sees what is asked, and plants faults.
struct tap_data {
  static inline const char* name = "tap";
  struct held {
    acquire wish;
    caf::typed_response_promise<lease_ptr> reply;
    time_point since{};
  };
  std::vector<held> all;
  unsigned out = 0; ///< granted, of those that were held
};

/// The node's own DISPATCHER, BACKENDs, DESKs and GENERATIONs on CAF's testing scheduler,
/// in a simulated world. One thread, no clock: the same scenario is the same run.
class node {
public:
  explicit node(scenario s);
  ~node();
  node(const node&) = delete;

  /// Time passes until then; `look` is called every half second of it.
  void run(double until_s, const std::function<void()>& look);
  /// Nothing is asked any more, and nothing befalls the servers.
  void stop_traffic();
  /// Every GENERATION has ended.
  bool is_quiet() const;

  const dispatcher_state& dispatcher_now() const {
    return state_of<dispatcher_state>(dispatcher_);
  }
  /// Leases that DESKs keep for later, of that backend.
  std::size_t kept(const std::string& backend, bool takes_place) const;

  const scenario& plan() const { return plan_; }
  world& around() { return world_; }
  const world& around() const { return world_; }
  const ledger& known() const { return ledger_; }
  ledger& known() { return ledger_; }
  std::uint64_t trace() const { return trace_; } ///< of all that happened: a hash
  std::function<void(const std::string&)> on_fault = [](const auto&) {};
  std::function<void(const job&)> on_came = [](const auto&) {};
  std::function<void(const job&)> on_granted = [](const auto&) {};
  std::function<void(const job&, double gpu_s)> on_closed = [](const auto&, auto) {};

private:
  struct reader_data {
    static inline const char* name = "reader";
  };
  struct config : caf::actor_system_config {
    config() { set("scheduler.policy", caf::atom("testing")); }
  };

  void start_actors();
  void drain();
  void ask(client c);
  void leave(job& j);
  void finished(job& j, const std::string& outcome);
  void bury(job& j);
  void note(std::uint64_t number, std::uint64_t what);
  void next_light();
  void next_burst();
  job& job_of(const request& r) { return ledger_.jobs.at(std::stoull(r.id)); }
  void watch_world();
  void waits(const acquire& wish);
  void check_text(const job& j);
  void plant_faults();
  static tap_actor::behavior_type tap(tap_actor::stateful_pointer<tap_data> self,
                                      node* home, desk_actor desk);
  static subscriber_actor::behavior_type
  reader(subscriber_actor::stateful_pointer<reader_data> self, node* home,
         std::uint64_t number);

  scenario plan_;
  config cfg_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator& scheduler_;
  world world_;
  ledger ledger_;
  traffic traffic_;
  std::unique_ptr<faults> faults_;
  bool asking_ = true;
  time_point next_look_{};
  dispatcher_actor dispatcher_;
  std::vector<backend_actor> backends_;
  std::vector<desk_actor> desks_;
  std::vector<tap_actor> taps_;
  std::vector<caf::actor> adapters_;
  upstreams_actor upstreams_;
  loader_actor loader_;
  std::vector<lease_ptr> leaked_; ///< planted
  bool planted_ = false;          ///< the fault that comes once has come
  std::uint64_t trace_ = 14695981039346656037u;
};

} // namespace conductor::simulation
