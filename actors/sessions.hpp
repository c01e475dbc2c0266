#pragma once

#include "actors/session.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace conductor {

/// SESSIONS owns the list of live sessions; the others are in STORE only, and come back
/// from there when they are asked for.
struct sessions_state {
  static inline const char* name = "sessions";

  struct opening {
    std::vector<caf::typed_response_promise<session_actor>> waiting;
  };

  session_links links; ///< for each SESSION
  std::map<std::string, session_actor> live;
  std::map<std::string, opening> under_way;
};

sessions_actor::behavior_type
sessions(sessions_actor::stateful_pointer<sessions_state> self, session_links links,
         std::function<session_actor(session_record_ptr, session_links)> start);

} // namespace conductor
