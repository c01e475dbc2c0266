#pragma once

#include "actors/affinity.hpp"
#include "actors/fair_queue.hpp"
#include "config/settings.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace conductor {

/// DISPATCHER owns the queue and the places: who gets the next free one.
///
/// Which backend serves is routing.hpp's choice; when every one is down the first is
/// tried all the same, so that a restarted Ollama is found by the next request. A backend
/// with `parallel` set gives at most that many places per model; who finds none waits in
/// a fair queue, charged with what its answers take. A waiting GENERATION that ends
/// leaves the queue.
struct dispatcher_state {
  static inline const char* name = "dispatcher";

  struct waiting {
    acquire wish;
    caf::typed_response_promise<lease_ptr> reply;
    caf::actor_addr who;
    std::string target; ///< wishes with the same text find the same places
  };
  /// What answers of a model take on average, in seconds.
  struct cost {
    double mean = 1;
    bool known = false;
  };
  struct granted {
    std::string backend;
    std::string model;
    bool takes_place = false;
    double charged = 0; ///< seconds, until it is known what it took
  };

  queue_settings limits;
  std::vector<backend_settings> servers;
  std::vector<backend_load> fleet;     ///< in the same order
  std::vector<backend_actor> backends; ///< likewise
  std::function<backend_actor(const backend_settings&, const dispatcher_actor&)> start;
  std::map<std::pair<std::string, std::string>, unsigned> taken; ///< (backend, model)
  std::map<std::uint64_t, granted> leases;
  std::map<std::uint64_t, waiting> waits; ///< by ticket
  fair_queue queue{std::chrono::seconds(30)};
  std::map<std::string, cost> costs; ///< by model
  std::uint64_t next_ticket = 1;
  std::uint64_t moved_on = 0; ///< requests that one backend refused
  affinity sessions;          ///< where each went last
  std::vector<keeper_actor> keepers;
  bool told_waiting = false; ///< keepers know that requests wait
  std::uint64_t next_lease = 1;
  bool ticking = false;
};

/// Spawns one BACKEND for each configured server by `start`.
using backend_factory =
    std::function<backend_actor(const backend_settings&, const dispatcher_actor&)>;

dispatcher_actor::behavior_type
dispatcher(dispatcher_actor::stateful_pointer<dispatcher_state> self,
           std::vector<backend_settings> fleet, queue_settings limits,
           backend_factory start);

} // namespace conductor
