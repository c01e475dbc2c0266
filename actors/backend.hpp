#pragma once

#include "config/settings.hpp"
#include "messages/actors.hpp"
#include "messages/monitored.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <vector>

namespace conductor {

/// What a BACKEND needs of its node.
struct backend_links {
  dispatcher_actor dispatcher;
  observer_actor observer;
  prober_actor prober;
  loader_actor loader;
  upstream_settings timing;
};

/// BACKEND owns what is known of one Ollama server: whether it answers, its version, the
/// models on its disk and in its memory; and the loads that it is asked for, one after
/// the other.
///
/// Probes every `upstream.probe_interval` while it is up, more often while it is not;
/// where `probe_model` is set, a real answer is asked for now and then, and without one
/// it counts as down. Every change is told to DISPATCHER and OBSERVER, once. Ends with
/// its DISPATCHER.
struct backend_state_data {
  static inline const char* name = "backend";

  struct ordered {
    load_model what;
    caf::typed_response_promise<load_result> reply;
  };

  backend_ptr server;
  backend_links links;
  monitored<dispatcher_actor> dispatcher; ///< from the links
  backend_status status;
  unsigned failures = 0;                ///< probes that failed in a row
  bool probing = false;                 ///< a probe is under way
  bool again = false;                   ///< and another is to follow it
  bool waiting = false;                 ///< a tick is under way
  std::string mute;                     ///< why it gave no real answer; empty: it does
  bool listening = false;               ///< a real answer is awaited
  caf::actor_clock::time_point heard{}; ///< the last real answer was asked for
  std::deque<ordered> loads;            ///< the first one is under way
  std::vector<caf::typed_response_promise<backend_status>> asking; ///< for this look,
  std::vector<caf::typed_response_promise<backend_status>> asking_next; ///< for the next
};

backend_actor::behavior_type
backend(backend_actor::stateful_pointer<backend_state_data> self, backend_ptr server,
        backend_links links);

} // namespace conductor
