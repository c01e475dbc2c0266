#pragma once

#include "adapters/metrics/recent.hpp"
#include "adapters/metrics/tally.hpp"
#include "messages/actors.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cstddef>
#include <functional>
#include <memory>

namespace conductor {

/// What OBSERVER does besides counting.
struct observer_settings {
  bool log_requests = true;
  std::size_t keep = 0;                     ///< requests that ended, for `requests_query`
  std::function<exporter_actor()> exporter; ///< the present one; null: nobody wants spans
};

/// OBSERVER turns the facts that actors exchange anyway into series, log lines, a list of
/// the last requests and, several at a time, into what EXPORTER makes spans of; prompts
/// and answers are in none of them. One on each lane, so that a request's end wakes
/// nobody; and one for all else.
struct observer_state {
  static inline const char* name = "observer";
  std::shared_ptr<tally> counts;
  observer_settings how;
  recent_requests recent{0};
  ended_requests traced; ///< that EXPORTER is still to be told
};

observer_actor::behavior_type
observer(observer_actor::stateful_pointer<observer_state> self,
         std::shared_ptr<tally> counts, observer_settings how);

} // namespace conductor
