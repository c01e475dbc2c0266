#pragma once

#include "adapters/ollama/errands.hpp"
#include "config/settings.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <string>

namespace conductor {

/// A probe that may still wait for its answer has waited long enough.
struct probe_late {
  std::uint64_t number = 0;
};

/// PROBER as a reader of the answers to its own questions.
using probing_actor = prober_actor::extend_with<subscriber_actor>::extend<
    // INTERNAL: that probe has had its time.
    caf::reacts_to<probe_late>>;

/// PROBER owns the probes under way. A probe is `GET /api/version`, `/api/ps`,
/// `/api/tags`, then one `POST /api/show` for each model that is new: it takes no place
/// and asks nothing of a model. Each answer must come within `upstream.probe_timeout`;
/// only the first one decides whether the server is up. A server that tells no models is
/// asked again at the next probe.
struct prober_state {
  static inline const char* name = "prober";

  struct under_way {
    probe what;
    caf::typed_response_promise<probe_result> reply;
    request_clock::time_point since;
    probe_result found;
    inventory known;            ///< what is to become of `found.known`
    std::size_t next_model = 0; ///< to be asked about
    std::uint64_t errand = 0;
  };
  /// One real token that is waited for.
  struct listening {
    caf::typed_response_promise<load_result> reply;
    request_clock::time_point since;
    std::uint64_t errand = 0;
  };

  /// A prompt that is to be rendered.
  struct rendering {
    caf::typed_response_promise<render_result> reply;
    std::uint64_t errand = 0;
  };

  upstream_settings timing;
  upstreams_actor upstreams;
  errands asked;
  std::map<std::uint64_t, under_way> probes; ///< by number
  std::map<std::uint64_t, listening> answers;
  std::map<std::uint64_t, rendering> prompts;
  std::uint64_t next_number = 1;
};

probing_actor::behavior_type prober(probing_actor::stateful_pointer<prober_state> self,
                                    upstreams_actor upstreams, upstream_settings timing);

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::probe_late)
