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

/// FEED owns one request for events, `POST …/messages`, `…/regenerate` or `GET …/events`:
/// finds the session, gives it the message, and writes its events as NDJSON, server-sent
/// events or one JSON body, as `Accept` asks. It asks SESSION for no more events than its
/// client takes. A client that leaves does not end the turn; a session that leaves memory
/// does not end the feed.
struct feed_state {
  static inline const char* name = "feed";

  enum class form { ndjson, sse, whole };

  request_ptr asked;
  std::function<sessions_actor()> sessions;
  form writes = form::ndjson;
  subscriber_actor reader;
  session_actor session;
  std::string id;
  std::optional<said> turn; ///< only events of this turn; empty: all
  std::uint64_t next = 0;   ///< number of the event that comes next; 0: a snapshot
  std::string out;          ///< written, not yet demanded
  std::uint64_t demanded = 0;
  session_message answer; ///< what the one JSON body will say
  bool told = false;      ///< the head went out
  bool ended = false;
  bool quiet = true; ///< nothing came since the last tick
};

feed_actor::behavior_type feed(feed_actor::stateful_pointer<feed_state> self,
                               request_ptr asked,
                               std::function<sessions_actor()> sessions);

} // namespace conductor
