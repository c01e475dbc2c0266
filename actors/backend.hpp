#pragma once

#include "config/settings.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace conductor {

/// What a BACKEND needs of its node.
struct backend_links {
  dispatcher_actor dispatcher;
  observer_actor observer;
  prober_actor prober;
  upstream_settings timing;
};

/// BACKEND owns what is known of one Ollama server: whether it answers, its
/// version, and the models in its memory.
///
/// Probes every `upstream.probe_interval` while it is up, more often while it is not.
/// Every change is told to DISPATCHER and OBSERVER, once. Ends with its DISPATCHER.
struct backend_state_data {
  static inline const char* name = "backend";

  backend_links links;
  backend_status status;
  unsigned failures = 0; ///< probes that failed in a row
  bool probing = false;  ///< a probe is under way
  bool waiting = false;  ///< a tick is under way
};

backend_actor::behavior_type
backend(backend_actor::stateful_pointer<backend_state_data> self, backend_settings server,
        backend_links links);

} // namespace conductor
