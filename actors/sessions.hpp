#pragma once

#include "actors/session.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace conductor {

/// SESSIONS owns the list of live sessions; the others are in STORE only, and come back
/// from there when they are asked for. Every ten seconds it erases those that expired.
struct sessions_state {
  static inline const char* name = "sessions";

  /// One that is in memory, and whose it is.
  struct resident {
    session_actor session;
    std::string owner;
  };
  /// What waits for a session to be opened: called with it, or with why not.
  using opened = std::function<void(const resident*, const caf::error&)>;
  /// Who waits for a session that is created under a key, and with which body.
  struct creator {
    caf::typed_response_promise<created_session> reply;
    std::uint64_t digest = 0;
  };

  session_links links; ///< for each SESSION
  std::function<session_actor(session_record_ptr, session_links)> start;
  std::map<std::string, resident> live;
  std::map<std::string, std::vector<opened>> opening;   ///< by id
  std::map<std::string, std::vector<creator>> creating; ///< by key
  std::set<std::string> erasing; ///< ids that STORE may still have, for a moment
};

sessions_actor::behavior_type
sessions(sessions_actor::stateful_pointer<sessions_state> self, session_links links,
         std::function<session_actor(session_record_ptr, session_links)> start);

} // namespace conductor
