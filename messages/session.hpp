#pragma once

#include "messages/actors.hpp"
#include "messages/timing.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Conversations that live on the node: what is stored of them, what is told of them.
namespace conductor {

/// Milliseconds since 1970, UTC.
using wall_time = std::int64_t;

/// Bytes of a session's metadata, as JSON: lists have those of many.
inline constexpr std::size_t longest_metadata = 64 * 1024;

/// How far a message came.
enum class message_state { queued, streaming, done, cancelled, failed, interrupted };
const char* to_string(message_state state) noexcept;
/// Nothing more comes of it: it neither waits nor streams.
bool settled(message_state state) noexcept;
/// By name; empty: there is no such state.
std::optional<message_state> message_state_of(std::string_view name) noexcept;

/// One message of a conversation.
struct session_message {
  std::uint64_t seq = 0; ///< counts the session's messages from 1
  std::string role;      ///< user, assistant, tool; in an import also system
  std::string content;
  std::string thinking;
  std::string tool_calls; ///< JSON array; empty: none
  std::string wire;       ///< as it goes to Ollama: a JSON object; empty: it does not
  std::string model;      ///< that answered; empty: not an answer
  std::string settings;   ///< of an answer: JSON object, what its turn asked for besides
  message_state state = message_state::done;
  std::string error; ///< why it failed
  std::string key;   ///< Idempotency-Key that it came with
  wall_time created = 0;
  std::uint64_t first_event = 0; ///< of an answer: its turn's events begin there
  std::uint64_t tokens = 0;      ///< of an answer: what its turn adds to the prompt
  usage used;
};

/// The message of that seq among these, which are in order; null: there is none.
const session_message* find_message(const std::vector<session_message>& all,
                                    std::uint64_t seq) noexcept;

/// What is known of a conversation besides its messages.
struct session_info {
  std::string id; ///< sortable by time of creation, unguessable
  std::string model;
  std::string title;
  std::string system;           ///< JSON object of the system message; empty: none
  std::string settings = "{}";  ///< JSON object: further members of each request
  std::string metadata = "{}";  ///< JSON object, the client's own
  std::string key;              ///< Idempotency-Key of its creation
  std::uint64_t key_digest = 0; ///< of the body that came with it
  std::string forked_from;      ///< id of the session that it is a copy of; empty: none
  std::uint64_t forked_at = 0;  ///< seq of the last message that was copied
  wall_time created = 0;
  wall_time updated = 0;
  wall_time time_to_live = 0; ///< milliseconds after `updated`; 0: for ever
  std::uint64_t version = 1;  ///< counts what clients would see as a change
  std::uint64_t reserved = 0; ///< event numbers up to here may have been used
  std::uint64_t trimmed = 0;  ///< messages up to here no longer go to Ollama
  std::string owner;          ///< id of the key that made it; empty: it took none

  bool expired(wall_time now) const noexcept {
    return time_to_live > 0 && updated + time_to_live <= now;
  }
};

/// A whole conversation.
struct session_record {
  session_info info;
  std::vector<session_message> messages;
};
using session_record_ptr = std::shared_ptr<const session_record>;

enum class event_type {
  snapshot,
  message,
  queued,
  loading,
  started,
  delta,
  thinking,
  tool_calls,
  trimmed,
  continued, ///< the answer goes on at another backend
  changed,
  done,
  cancelled,
  error
};
const char* to_string(event_type type) noexcept;
/// One of these ends each turn.
bool is_terminal(event_type type) noexcept;
/// How a message ends with it.
event_type terminal_of(message_state state) noexcept;

/// Something that happened in a session, numbered from 1 without reuse.
struct session_event {
  std::uint64_t seq = 0;
  event_type type = event_type::delta;
  std::uint64_t message = 0; ///< seq of the message that it is about
  wall_time time = 0;
  std::string text; ///< of delta, thinking, message; JSON of tool_calls, and of snapshot
                    ///< where it was written already; detail of error
  std::string code; ///< of error; reason of done; role of message; title of changed
  std::string model;
  std::string backend;
  std::size_t position = 0;  ///< of queued: turns before this one
  std::uint64_t version = 0; ///< of changed
  std::uint64_t through = 0; ///< of trimmed: last message that is left out
  std::uint64_t tokens = 0;  ///< of trimmed: estimate of what goes on
  std::uint64_t wait_ns = 0; ///< of queued: estimate; 0: unknown
  bool durable = true;       ///< of a terminal event: STORE has the answer
  usage used;
  std::shared_ptr<const answer_timing> timing; ///< of done; null: not known any longer
  session_record_ptr all;                      ///< of snapshot, when it is sent
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
  bool creates = false;                  ///< else the session must be there
  std::optional<std::uint64_t> keep;     ///< messages after this one are erased
};
struct store_read {
  std::string id;
};
struct store_erase {
  std::string id;
};
/// The newest first, those before (`updated`, `id`) of an earlier page. A page ends where
/// its sessions take too much memory.
struct store_list {
  std::size_t limit = 50;
  wall_time before = 0; ///< 0: from the newest
  std::string before_id;
  std::string model;      ///< empty: any
  std::string title_part; ///< the title contains it, in any case; empty: any
  std::vector<std::pair<std::string, std::string>> metadata; ///< keys and texts
  wall_time now = 0;                ///< sessions that expired by then are left out
  std::optional<std::string> owner; ///< whose; empty: anybody's
};
struct session_page {
  std::vector<session_info> sessions;
  bool more = false; ///< there may be
};
/// Which session was created with that key?
struct store_key {
  std::string key;
};
/// Ids; empty: none.
using session_ids = std::vector<std::string>;
/// Sessions that expired by then, some of them.
struct store_expired {
  wall_time now = 0;
};
/// It is durable.
struct stored {};
struct store_query {};
/// How STORE is.
struct store_status {
  std::string failure; ///< of the last write; empty: it succeeded
  std::uint64_t writes = 0;
  std::uint64_t failures = 0;
  std::size_t waiting = 0;    ///< writes that wait for the disk
  std::uint64_t sessions = 0; ///< on the disk, as last counted
};
/// Makes a copy of the whole store, as it is at this moment.
struct store_copy {};
struct store_copied {
  std::uint64_t copy = 0; ///< its number, from 1
  std::uint64_t size = 0; ///< bytes
};
/// At most `most` bytes of a copy.
struct store_part {
  std::uint64_t copy = 0;
  std::uint64_t from = 0;
  std::uint64_t most = 0;
};
/// Who asked for that copy needs it no longer.
struct store_drop_copy {
  std::uint64_t copy = 0;
};

using store_actor = caf::typed_actor<
    // Answers when it is durable: all of it or nothing. An error session_not_found where
    // the session was erased.
    caf::replies_to<store_write>::with<stored>,
    // An error session_not_found where there is none of that id.
    caf::replies_to<store_read>::with<session_record_ptr>,
    caf::replies_to<store_erase>::with<stored>,
    caf::replies_to<store_list>::with<session_page>,
    caf::replies_to<store_key>::with<session_ids>,
    caf::replies_to<store_expired>::with<session_ids>,
    caf::replies_to<store_query>::with<store_status>,
    caf::replies_to<store_copy>::with<store_copied>,
    caf::replies_to<store_part>::with<bytes>, caf::reacts_to<store_drop_copy>>;

/// FOLLOWER: follows a session's events, as many as it asked for.
using follower_actor = caf::typed_actor<caf::reacts_to<event_ptr>>;

/// TALK: one WebSocket, which follows many sessions. Lane, adapter.
using talk_actor = follower_actor::extend<
    // Close when no turn that is followed is under way.
    caf::reacts_to<drain>,
    // The drain limit has passed: close.
    caf::reacts_to<expel>>;

/// What a request may demand of a session's `version`; empty: nothing.
using wanted_version = std::optional<std::uint64_t>;
/// Why the session cannot be what was wanted; no error: it is.
caf::error mismatch(const session_info& info, const wanted_version& wanted);

/// Messages of the user or of his tools, and the answer that they ask for.
struct say {
  std::vector<session_message> messages; ///< none: the last ones are answered anew
  std::string settings = "{}";           ///< changes to the session's, for this turn
  bool refuse_when_busy = false;
  std::string key; ///< Idempotency-Key; empty: none
  wanted_version version;
  std::string request_id;
  priority_class priority = priority_class::normal;
  trace_ptr trace;                          ///< that the turn is in; null: none
  grant_ptr by;                             ///< whose key it came with; null: needs none
  std::shared_ptr<const key_permit> permit; ///< of that key, for the turn
};
/// The messages are durable; their answer will be that message.
struct said {
  std::uint64_t asked = 0; ///< the first of the messages
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
/// The sender follows no longer.
struct unfollow {};
/// Cancels a turn.
struct stop_turn {
  std::uint64_t answer = 0; ///< 0: the present one
};
struct stopped_turn {
  bool cancelled = false;
};
/// New values for what is set here; a JSON merge patch for `metadata`.
struct change_session {
  std::optional<std::string> model;
  std::optional<std::string> title;
  std::optional<std::string> system;
  std::string settings = "{}";
  std::string metadata = "{}";
  std::optional<wall_time> time_to_live;
  wanted_version version;
};
/// Erases the messages after that one.
struct rewind_session {
  std::uint64_t message = 0;
  wanted_version version;
};
struct describe {};
/// INTERNAL: save what came of the answer.
struct checkpoint {};
/// INTERNAL: that answer has not come at once: what does it wait for?
struct waiting_check {
  std::uint64_t answer = 0;
};
/// INTERNAL: nobody needed this session for a while.
struct idle_check {};

/// SESSION: one conversation. Reads the answer of a GENERATION as a SUBSCRIBER. Worker.
using session_actor = subscriber_actor::extend<
    caf::replies_to<say>::with<said>, caf::reacts_to<follow>, caf::reacts_to<more>,
    caf::reacts_to<unfollow>, caf::replies_to<stop_turn>::with<stopped_turn>,
    caf::replies_to<describe>::with<session_record_ptr>,
    caf::replies_to<change_session>::with<session_record_ptr>,
    caf::replies_to<rewind_session>::with<session_record_ptr>,
    // Answers when no turn is under way.
    caf::replies_to<drain>::with<drained>,
    // The drain limit has passed: what is under way is interrupted.
    caf::reacts_to<expel>, caf::reacts_to<checkpoint>, caf::reacts_to<waiting_check>,
    caf::reacts_to<idle_check>>;

/// A conversation to begin with; its times are set by SESSIONS.
struct create_session {
  session_record start;
};
struct created_session {
  session_record_ptr made;
  bool before = false; ///< by an earlier request with the same key
};
struct open_session {
  std::string id;
  caf::actor_addr but; ///< a SESSION that was found to have ended
  grant_ptr by{};      ///< who asks: what is others' is not there for him
};
struct erase_session {
  std::string id;
  wanted_version version;
  grant_ptr by{}; ///< likewise
};
/// A copy with the messages up to `message`.
struct fork_session {
  std::string id;
  std::string new_id;
  std::optional<std::uint64_t> message; ///< empty: up to the last one that is settled
  std::optional<std::string> title;
  grant_ptr by{}; ///< likewise; the copy is his
};
/// What the node keeps of conversations, for those who watch it.
struct sessions_query {};
struct sessions_status {
  std::size_t live = 0;
  std::size_t mailbox = 0; ///< messages that waited for SESSIONS when it was asked
  store_status store;
};

/// SESSIONS: finds, opens, copies and erases sessions. Worker.
using sessions_actor =
    caf::typed_actor<caf::replies_to<create_session>::with<created_session>,
                     caf::replies_to<open_session>::with<session_actor>,
                     caf::replies_to<erase_session>::with<stored>,
                     caf::replies_to<fork_session>::with<session_record_ptr>,
                     caf::replies_to<store_list>::with<session_page>,
                     caf::replies_to<sessions_query>::with<sessions_status>,
                     // Answers when no session has a turn under way.
                     caf::replies_to<drain>::with<drained>, caf::reacts_to<expel>,
                     // INTERNAL: look for sessions that have expired.
                     caf::reacts_to<tick>>;

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_write)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_erase)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::session_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::session_ids)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_expired)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::stored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_copy)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_copied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_part)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::store_drop_copy)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::bytes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::session_record_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::event_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::say)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::said)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::follow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::more)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::unfollow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::stop_turn)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::stopped_turn)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::change_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::rewind_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::describe)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::checkpoint)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::waiting_check)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::idle_check)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::create_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::created_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::open_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::erase_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::fork_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::sessions_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::sessions_status)
