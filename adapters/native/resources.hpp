#pragma once

#include "config/settings.hpp"
#include "messages/actors.hpp"
#include "messages/keys.hpp"
#include "messages/session.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <string>
#include <vector>

namespace conductor {

/// What RESOURCES tells of the node itself.
struct node_facts {
  std::string version;
  std::vector<std::string> listen; ///< addresses in use
  request_clock::time_point started;
  std::function<std::size_t()> connections;
};

/// What RESOURCES needs of its node.
struct resources_links {
  std::function<dispatcher_actor()> dispatcher; ///< the present one
  node_facts node;
  std::function<sessions_actor()> sessions;       ///< the present one
  std::function<std::vector<desk_actor>()> desks; ///< one of each lane
  std::function<std::string()> new_session_id;
  std::function<std::vector<observer_actor>()> observers; ///< who know what ended
  std::function<resources_actor()> scrape;                ///< answers `/metrics`
  std::function<gpu_monitor_actor()> gpus;                ///< the present one
  std::function<response(const request&)> console; ///< answers `/console`; null: none
  std::function<keys_actor()> keys;                ///< the present one
  std::function<key_table_ptr()> key_table;        ///< all keys as they are now
};

/// RESOURCES answers what the node itself is asked: `/`, `/readyz`, `/metrics`,
/// `/console` and `/conductor/v1`, but for what streams.
struct resources_state {
  static inline const char* name = "resources";
  resources_links links;
};

resources_actor::behavior_type
resources(resources_actor::stateful_pointer<resources_state> self, resources_links links);

} // namespace conductor
