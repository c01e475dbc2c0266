#pragma once

#include "messages/actors.hpp"
#include "messages/session.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace conductor {

/// FEED: one client that follows a session. Publishes to CLIENT what SESSION tells it.
/// Lane.
using feed_actor = publisher_actor::extend_with<follower_actor>::extend<
    // INTERNAL: nothing came for a while: a sign of life.
    caf::reacts_to<tick>>;

/// FEED owns one request for events, `POST …/messages` or `GET …/events`: finds the
/// session, gives it the message, and writes its events as NDJSON, server-sent events or
/// one JSON body, as `Accept` asks. It asks SESSION for no more events than its client
/// takes. A client that leaves does not end the turn.
struct feed_state {
  static inline const char* name = "feed";

  enum class form { ndjson, sse, whole };

  request_ptr asked;
  form writes = form::ndjson;
  subscriber_actor reader;
  session_actor session;
  std::optional<std::uint64_t> answer; ///< only events of this message; empty: all
  std::string out;                     ///< written, not yet demanded
  std::uint64_t demanded = 0;
  std::string text;  ///< of the answer, for the one JSON body
  bool told = false; ///< the head went out
  bool ended = false;
  bool quiet = true; ///< nothing came since the last tick
};

feed_actor::behavior_type feed(feed_actor::stateful_pointer<feed_state> self,
                               request_ptr asked,
                               std::function<sessions_actor()> sessions);

} // namespace conductor
