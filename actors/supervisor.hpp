#pragma once

#include "messages/actors.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_clock.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace conductor {

/// An actor that must not end while the node runs.
struct child_spec {
  std::string name;
  /// Starts it, makes it known to those who need it, and returns its address.
  std::function<caf::actor_addr()> start;
  /// False: too much hangs on it for a new one to take its place; its failure ends the
  /// node.
  bool restartable = true;
};

/// What SUPERVISOR tells the world, aloud.
struct supervisor_news {
  std::function<void()> started; ///< every child was started for the first time
  std::function<void(const std::string& child, const std::string& reason)> restarting;
  std::function<void(const std::string& child, const std::string& reason)> gave_up;
};

/// SUPERVISOR owns the children's lives: starts them in order, restarts one that failed
/// after 100 ms, 200 ms, … up to 5 s, and gives up at the sixth failure within a minute.
struct supervisor_state {
  static inline const char* name = "supervisor";

  struct child {
    child_spec spec;
    caf::actor_addr who;
    std::deque<caf::actor_clock::time_point> failures; ///< of the last minute
  };
  std::vector<child> children;
  supervisor_news news;
};

supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self,
           std::vector<child_spec> children, supervisor_news news);

} // namespace conductor
