#pragma once

#include "adapters/metrics/exposition.hpp"
#include "adapters/metrics/process_probe.hpp"
#include "messages/actors.hpp"
#include "messages/session.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <string>

namespace conductor {

/// What SCRAPE needs of its node: the present ones, and the text of what they tell.
struct scrape_links {
  std::function<dispatcher_actor()> dispatcher;
  std::function<sessions_actor()> sessions;
  std::function<process_actor()> process;
  std::function<std::string(const fleet_status&, const sessions_status&,
                            const process_facts&, exposition)>
      text;
};

/// SCRAPE answers `/metrics`: asks who knows what was not counted by the way, one after
/// the other, and nobody who carries streams. Worker, adapter.
struct scrape_state {
  static inline const char* name = "scrape";
  scrape_links links;
};

resources_actor::behavior_type
scrape(resources_actor::stateful_pointer<scrape_state> self, scrape_links links);

} // namespace conductor
