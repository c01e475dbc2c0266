#pragma once

#include "actors/explained.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace conductor {

/// DESK owns one lane's leases that are not in use just now, so that a request that
/// nothing competes with is decided on its own lane, without waking a worker; and the
/// list of those in use.
///
/// A lease that ends stays here for 200 ms and goes to the next request of the same model
/// and kind. DISPATCHER recalls what is kept when requests wait and when a backend
/// changed; while requests wait every lease goes back at once, as does one that is
/// watched and one whose answer was given up. Pinned and repeated requests, those of a
/// session and those that change what a backend has are DISPATCHER's alone.
struct desk_state {
  static inline const char* name = "desk";

  struct kept {
    lease_ptr held;
    bool takes_place = false;
    std::string kind;  ///< runner options, and whether its bodies can carry them
    bool fresh = true; ///< came since the last tick
  };

  std::function<dispatcher_actor()> present; ///< DISPATCHER may be started anew
  dispatcher_actor dispatcher;               ///< the one that knows this desk
  std::vector<kept> idle;
  /// By the GENERATION's id.
  struct in_flight {
    generation_info info;
    caf::actor_addr who;
  };
  std::unordered_map<caf::actor_id, in_flight> answers;
  /// Who waits for a DISPATCHER's word, by number; told when it fails.
  struct asking {
    caf::typed_response_promise<lease_ptr> reply;
    caf::actor_id by = 0;
    caf::actor_addr whom; ///< that DISPATCHER
  };
  std::unordered_map<std::uint64_t, asking> asked;
  std::uint64_t next_asked = 0;
  std::unordered_map<std::string, std::uint64_t> went_well; ///< by backend, since it
                                                            ///< last failed
  std::unordered_set<std::uint64_t> cut; ///< leases whose answers were given up
  explained decided{256};                ///< requests that got a kept lease
  bool waiting = false;                  ///< requests wait: keep nothing
  std::uint64_t epoch = 0;               ///< counts recalls
  bool ticking = false;
  caf::actor_clock::time_point last_spent{}; ///< DISPATCHER was told what an answer took
};

desk_actor::behavior_type desk(desk_actor::stateful_pointer<desk_state> self,
                               std::function<dispatcher_actor()> present);

} // namespace conductor
