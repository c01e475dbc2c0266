#pragma once

#include "actors/affinity.hpp"
#include "actors/explained.hpp"
#include "actors/fair_queue.hpp"
#include "actors/fleet.hpp"
#include "actors/retry_budget.hpp"
#include "config/settings.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace conductor {

/// What DISPATCHER decides by.
struct dispatcher_settings {
  std::vector<backend_settings> backends;
  std::vector<model_settings> models;
  queue_settings queue;
  upstream_settings upstream;
};

/// Starts the BACKEND of one server.
using backend_factory =
    std::function<backend_actor(const backend_ptr&, const dispatcher_actor&)>;

/// DISPATCHER owns the queue and the fleet: who gets the next free place, which models
/// are loaded for those who wait, and who is asked again elsewhere.
///
/// Which backend serves is routing.hpp's choice by what fleet.hpp knows. Who finds no
/// place waits in a fair queue, charged with what its answers take; a waiting GENERATION
/// that ends leaves it. A load is nobody's in particular: who forced it is charged with
/// it, who leaves does not end it.
struct dispatcher_state {
  static inline const char* name = "dispatcher";

  struct waiting {
    acquire wish;
    caf::typed_response_promise<lease_ptr> reply;
    caf::actor_addr who;
    std::string target; ///< wishes with the same text find the same places
    fleet::time_point since{};
  };

  queue_settings limits;
  fleet servers;
  std::map<std::string, backend_actor> backends; ///< by name
  backend_factory start;
  std::map<std::uint64_t, waiting> waits; ///< by ticket
  /// Numbers of the targets that are waited for, and by how many.
  std::unordered_map<std::string, std::pair<std::uint32_t, std::size_t>> targets;
  std::uint32_t next_target = 0;
  fair_queue queue{std::chrono::seconds(30)};
  retry_budget retries{10, 100};
  std::uint64_t next_ticket = 1;
  std::uint64_t moved_on = 0; ///< requests that one backend refused
  affinity sessions;          ///< where each went last
  std::vector<keeper_actor> keepers;
  bool told_waiting = false; ///< keepers know that requests wait
  std::uint64_t next_lease = 1;
  bool ticking = false;
  std::map<std::string, bool> templates; ///< whether they go on in an answer, by digest
  explained decided{1000};
};

dispatcher_actor::behavior_type
dispatcher(dispatcher_actor::stateful_pointer<dispatcher_state> self,
           dispatcher_settings how, backend_factory start);

} // namespace conductor
