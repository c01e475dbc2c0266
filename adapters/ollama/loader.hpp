#pragma once

#include "adapters/ollama/errands.hpp"
#include "config/settings.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>

namespace conductor {

/// A load that may still be under way has had its time.
struct load_late {
  std::uint64_t number = 0;
};

/// LOADER as a reader of what becomes of loads.
using loading_actor = loader_actor::extend_with<subscriber_actor>::extend<
    // INTERNAL: that load has had its time.
    caf::reacts_to<load_late>>;

/// LOADER owns the loads under way: an empty `POST /api/generate`, or `/api/embed` for a
/// model that makes embeddings only, which Ollama answers when the model is in memory.
/// They belong to no client, so no client's leaving ends them.
struct loader_state {
  static inline const char* name = "loader";

  struct under_way {
    load_model what;
    caf::typed_response_promise<load_result> reply;
    request_clock::time_point since;
    std::uint64_t errand = 0;
  };

  upstream_settings timing;
  upstreams_actor upstreams;
  errands asked;
  std::map<std::uint64_t, under_way> loads; ///< by number
  std::uint64_t next_number = 1;
};

loading_actor::behavior_type loader(loading_actor::stateful_pointer<loader_state> self,
                                    upstreams_actor upstreams, upstream_settings timing);

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::load_late)
