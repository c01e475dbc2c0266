#pragma once

#include "messages/stream.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Conversations that live on the node: what is stored of them, what is told of them.
namespace conductor {

/// Milliseconds since 1970, UTC.
using wall_time = std::int64_t;

/// How far a message came.
enum class message_state { queued, streaming, done, cancelled, failed, interrupted };
const char* to_string(message_state state) noexcept;
/// By name; empty: there is no such state.
std::optional<message_state> message_state_of(std::string_view name) noexcept;

/// One message of a conversation.
struct session_message {
  std::uint64_t seq = 0; ///< counts the session's messages from 1
  std::string role;      ///< system, user, assistant
  std::string content;
  std::string thinking;
  std::string wire; ///< as it goes to Ollama: a JSON object; empty: it does not
  message_state state = message_state::done;
  std::string error; ///< why it failed
  wall_time created = 0;
  usage used;
};

/// What is known of a conversation besides its messages.
struct session_info {
  std::string id; ///< sortable by time of creation, unguessable
  std::string model;
  std::string title;
  std::string system;     ///< JSON object of the system message; empty: none
  std::string options;    ///< JSON object; empty: none
  std::string keep_alive; ///< JSON value; empty: Ollama's default
  wall_time created = 0;
  wall_time updated = 0;
  std::uint64_t reserved = 0; ///< event numbers up to here may have been used
};

/// A whole conversation.
struct session_record {
  session_info info;
  std::vector<session_message> messages;
};
using session_record_ptr = std::shared_ptr<const session_record>;

enum class event_type {
  snapshot,
  queued,
  started,
  delta,
  thinking,
  tool_calls,
  done,
  cancelled,
  error
};
const char* to_string(event_type type) noexcept;

/// Something that happened in a session, numbered from 1 without reuse.
struct session_event {
  std::uint64_t seq = 0;
  event_type type = event_type::delta;
  std::uint64_t message = 0; ///< seq of the answer that it is about
  wall_time time = 0;
  std::string text; ///< of delta and thinking; JSON of tool_calls; detail of error
  std::string code; ///< of error; reason of done
  std::string model;
  std::string backend;
  std::size_t position = 0; ///< of queued: turns before this one
  usage used;
  session_record_ptr all; ///< of snapshot
};
using event_ptr = std::shared_ptr<const session_event>;

/// What a record of an answer says. Made by an adapter: SESSION knows no JSON.
struct answer_piece {
  std::string text;
  std::string thinking;
  std::string tool_calls; ///< JSON array; empty: none
  std::string error;
  std::string reason; ///< of the last record
  bool done = false;
};

/// STORE: keeps conversations. Adapter.
struct store_write {
  session_info info;
  std::vector<session_message> messages; ///< new or changed ones
};
struct store_read {
  std::string id;
};
struct store_erase {
  std::string id;
};
/// The newest first, those before (`updated`, `id`) of an earlier page.
struct store_list {
  std::size_t limit = 50;
  wall_time before = 0; ///< 0: from the newest
  std::string before_id;
};
struct session_page {
  std::vector<session_info> sessions;
};
/// It is durable.
struct stored {};

using store_actor = caf::typed_actor<
    // Answers when it is durable: all of it or nothing.
    caf::replies_to<store_write>::with<stored>,
    // An error session_not_found where there is none of that id.
    caf::replies_to<store_read>::with<session_record_ptr>,
    caf::replies_to<store_erase>::with<stored>,
    caf::replies_to<store_list>::with<session_page>>;

/// FOLLOWER: follows a session's events, as many as it asked for.
using follower_actor = caf::typed_actor<caf::reacts_to<event_ptr>>;

/// A user's message, and the answer that it asks for.
struct say {
  std::string content;
  std::string wire;    ///< as it goes to Ollama
  std::string options; ///< JSON object for this turn; empty: the session's
  bool refuse_when_busy = false;
  std::string request_id;
};
/// The message is durable; its answer will be that message.
struct said {
  std::uint64_t answer = 0;
  std::uint64_t first_event = 0; ///< events of this turn have this number or more
};
/// Sends `reader` events from number `from` on, when it asks for `more`.
struct follow {
  follower_actor reader;
  std::uint64_t from = 0;
};
/// The sender takes that many more events.
struct more {
  std::size_t events = 0;
};
/// Cancels the present turn.
struct stop_turn {};
struct stopped_turn {
  bool cancelled = false;
};
struct describe {};
/// INTERNAL: save what came of the answer.
struct checkpoint {};
/// INTERNAL: nobody needed this session for a while.
struct idle_check {};

/// SESSION: one conversation. Reads the answer of a GENERATION as a SUBSCRIBER. Worker.
using session_actor =
    subscriber_actor::extend<caf::replies_to<say>::with<said>, caf::reacts_to<follow>,
                             caf::reacts_to<more>,
                             caf::replies_to<stop_turn>::with<stopped_turn>,
                             caf::replies_to<describe>::with<session_record_ptr>,
                             caf::reacts_to<checkpoint>, caf::reacts_to<idle_check>>;

struct create_session {
  session_info info;
};
struct open_session {
  std::string id;
};
struct erase_session {
  std::string id;
};
/// A SESSION that has nothing to do may end.
struct retire {
  std::string id;
};

/// SESSIONS: finds, opens and erases sessions. Worker.
using sessions_actor =
    caf::typed_actor<caf::replies_to<create_session>::with<session_record_ptr>,
                     caf::replies_to<open_session>::with<session_actor>,
                     caf::replies_to<erase_session>::with<stored>,
                     caf::replies_to<store_list>::with<session_page>,
                     caf::reacts_to<retire>>;

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_write)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_erase)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::session_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::stored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::session_record_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::event_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::say)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::said)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::follow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::more)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::stop_turn)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::stopped_turn)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::describe)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::checkpoint)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::idle_check)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::create_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::open_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::erase_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::retire)
