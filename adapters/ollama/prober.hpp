#pragma once

#include "config/settings.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <optional>
#include <string>
#include <vector>

namespace conductor {

/// A probe that may still wait for its answer has waited long enough.
struct probe_late {
  std::uint64_t number = 0;
};

/// PROBER as a reader of the answers to its own questions.
using probing_actor = prober_actor::extend_with<subscriber_actor>::extend<
    // INTERNAL: that probe has had its time.
    caf::reacts_to<probe_late>>;

/// PROBER owns the probes under way. A probe is `GET /api/version`, then `GET /api/ps`,
/// over the lane's connections: it takes no place and asks nothing of a model. An answer
/// later than `upstream.probe_timeout` is none.
struct prober_state {
  static inline const char* name = "prober";

  struct under_way {
    publisher_actor exchange;
    caf::typed_response_promise<probe_result> reply;
    request_clock::time_point since;
    int status = 0;
    std::string body;
    std::uint64_t number = 0;
    std::string backend;
    std::optional<probe_result> alive; ///< it has answered the first question
  };

  upstream_settings timing;
  upstreams_actor upstreams;
  std::vector<under_way> probes;
  std::uint64_t next_number = 1;
};

probing_actor::behavior_type prober(probing_actor::stateful_pointer<prober_state> self,
                                    upstreams_actor upstreams, upstream_settings timing);

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::probe_late)
