#pragma once

#include "messages/actors.hpp"
#include "messages/session.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace conductor {

/// What the node's own routes tell at one time, as one event of the topic `overview`.
struct overview_text {
  std::uint64_t number = 0; ///< counted up
  std::string text;
};
using overview_ptr = std::shared_ptr<const overview_text>;

/// Wants the first one that is later than that.
struct overview_follow {
  std::uint64_t after = 0;
};

/// OVERVIEW as those who follow it see it.
using overview_actor = caf::typed_actor<
    // What is to be known next: whoever follows asks again with what it got.
    caf::replies_to<overview_follow>::with<overview_ptr>,
    // INTERNAL: time to look.
    caf::reacts_to<tick>>;

/// What an OVERVIEW needs of its node.
struct overview_links {
  std::function<resources_actor()> resources; ///< the present one
  std::function<wall_time()> clock;
};

/// OVERVIEW owns the last look at the whole node, for all who watch it. While somebody
/// does it asks RESOURCES once a second; who follows hears of what changed, and every ten
/// seconds of what did not. Nobody follows: it does nothing. Worker.
struct overview_state {
  static inline const char* name = "overview";
  static constexpr std::size_t parts = 7;

  struct follower {
    std::uint64_t after = 0;
    caf::typed_response_promise<overview_ptr> reply;
  };

  overview_links links;
  overview_ptr now = std::make_shared<const overview_text>();
  std::array<std::string, parts> seen;   ///< of the last look, as JSON
  std::array<std::string, parts> coming; ///< of the one under way
  std::size_t awaited = 0;               ///< parts that are still to come
  bool timing = false;                   ///< a tick is on its way
  caf::actor_clock::time_point looked{};
  caf::actor_clock::time_point told{};
  std::vector<follower> followers;
};

overview_actor::behavior_type
overview(overview_actor::stateful_pointer<overview_state> self, overview_links links);

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::overview_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::overview_follow)
