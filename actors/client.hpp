#pragma once

#include "config/settings.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace conductor {

/// What a CLIENT needs of its node.
struct client_links {
  wire_actor wire;
  /// The present one for such a request.
  std::function<resources_actor(const request&)> resources;
  /// What is answered here, without a message to a worker; empty: nothing is.
  std::function<std::optional<response>(const request&)> at_once;
  observer_actor observer;
  /// Starts what publishes the answer, on the client's own lane: a GENERATION, or a FEED
  /// of events.
  std::function<answer_actor(const request_ptr&)> start;
  stream_settings limits;
};

/// CLIENT owns what one connection asked for and what its peer may still receive.
///
/// One request at a time: WIRE sends the next after this one's end. Demand follows what
/// the socket really took. Whatever happens, WIRE gets exactly one terminal event a
/// request, and OBSERVER one summary.
struct client_state {
  static inline const char* name = "client";

  client_links links;
  request_ptr asked;       ///< null: between two requests
  answer_actor generation; ///< null: none asked, or it is over
  request_summary summary;
  bool draining = false;   ///< the node is
  bool ending = false;     ///< the summary waits for the peer to take the last byte
  std::uint64_t taken = 0; ///< bytes that the socket took and no demand replaced yet
};

client_actor::behavior_type client(client_actor::stateful_pointer<client_state> self,
                                   client_links links);

} // namespace conductor
