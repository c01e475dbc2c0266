#pragma once

#include "adapters/metrics/series.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace conductor {

/// OBSERVER turns the facts that actors exchange anyway into series and log lines;
/// prompts and answers are in none of them. One on each lane, so that a request's end
/// wakes nobody.
struct observer_state {
  static inline const char* name = "observer";
  std::shared_ptr<series> counts;
  series::known known;
  bool log_requests = true;
};

observer_actor::behavior_type
observer(observer_actor::stateful_pointer<observer_state> self,
         std::shared_ptr<series> counts, bool log_requests);

} // namespace conductor
