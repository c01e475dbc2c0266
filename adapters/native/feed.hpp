#pragma once

#include "messages/actors.hpp"
#include "messages/admission.hpp"
#include "messages/monitored.hpp"
#include "messages/session.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace conductor {

/// FEED: one client that follows a session. Publishes to CLIENT what SESSION tells it.
/// Lane; a worker where the request is long to read.
using feed_actor = answer_actor::extend_with<follower_actor>::extend<
    // INTERNAL: nothing came for a while: a sign of life.
    caf::reacts_to<tick>>;

struct feed_state;
using feed_ptr = feed_actor::stateful_pointer<feed_state>;

/// One request about a session, in the terms of the surface that it came by.
class feed_surface {
public:
  virtual ~feed_surface() = default;
  /// Finds out what is asked for; ends, now or later, with one of the `feeding` calls.
  virtual void begin(feed_ptr self) = 0;
  /// The message is acknowledged: the events of its turn come.
  virtual void begun(const said&) {}
  /// Of a stream of events; empty: nothing is written before the turn's end.
  virtual std::string content_type() const { return {}; }
  /// An event as it goes to the client. A snapshot stands for all before it.
  virtual std::string write(const session_event&) { return {}; }
  /// The one body of a turn that nothing was written of; all its events were.
  virtual response whole(const session_event&) { return {}; }
  /// Written where nothing came for a while; empty: nothing.
  virtual std::string sign_of_life() const { return {}; }
};

/// FEED owns one request that a session answers: asks SESSION for events, no more of them
/// than its client takes, and has its surface write them. A client that leaves does not
/// end the turn; a session that leaves memory does not end the feed.
struct feed_state {
  static inline const char* name = "feed";

  request_ptr asked;
  std::function<sessions_actor()> sessions;
  std::unique_ptr<feed_surface> surface;
  monitored<subscriber_actor> reader;
  monitored<session_actor> session;
  std::string id;
  std::optional<said> turn; ///< only events of this turn; empty: all
  std::uint64_t next = 0;   ///< number of the event that comes next; 0: a snapshot
  std::string out;          ///< written, and not looked at yet
  bytes ready;              ///< before that, not yet demanded
  std::uint64_t demanded = 0;
  holder client;     ///< for whom both take the node's memory,
  share held;        ///< so much of it
  bool told = false; ///< the head went out
  bool ended = false;
  bool draining = false; ///< who only follows is let go when no turn is under way
  bool quiet = true;     ///< nothing came since the last tick
};

feed_actor::behavior_type feed(feed_ptr self, request_ptr asked, budget_ptr budget,
                               std::function<sessions_actor()> sessions,
                               std::unique_ptr<feed_surface> surface);

/// What a surface has its FEED do.
namespace feeding {

/// Gives a message to a session, and follows the turn that it makes.
void speak(feed_ptr self, const std::string& session, say s);
/// The same, and what became of it where that is an error.
void speak(feed_ptr self, const std::string& session, say s,
           std::function<void(const caf::error&)> refused);
/// Follows all that happens in a session from event `next` on; 0: a snapshot first.
void watch(feed_ptr self, const std::string& session, std::uint64_t next);
/// Answers at once, without events.
void answer(feed_ptr self, response r);
/// Ends with an error, which WIRE tells as the answer's state allows.
void fail(feed_ptr self, const caf::error& e);

} // namespace feeding
} // namespace conductor
