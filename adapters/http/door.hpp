#pragma once

#include "adapters/http/wire.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace conductor {

/// DOOR: the client connections of one lane. Lane, adapter.
using door_actor = caf::typed_actor<
    // Starts a WIRE for it.
    caf::reacts_to<arrival>,
    // Answers when the last connection has ended.
    caf::replies_to<drain>::with<drained>,
    // The drain limit has passed.
    caf::reacts_to<expel>>;

/// DOOR owns the list of its lane's connections.
struct door_state {
  static inline const char* name = "door";
  lane* home = nullptr;
  std::set<caf::actor_addr> open;
  std::vector<caf::typed_response_promise<drained>> waiting;
  bool draining = false;
};

door_actor::behavior_type door(door_actor::stateful_pointer<door_state> self, lane* home);

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::arrival)
