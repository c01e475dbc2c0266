#pragma once

#include "messages/actors.hpp"
#include "messages/session.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace conductor {

/// What a SESSION needs of its node.
struct session_links {
  store_actor store;
  sessions_actor sessions;
  /// Starts a GENERATION on some lane.
  std::function<publisher_actor(const request_ptr&)> start;
  /// Reads whole records, as they came from Ollama.
  std::function<std::vector<answer_piece>(std::string_view)> read;
  /// An assistant's message as it goes to Ollama: text, thinking, tool calls.
  std::function<std::string(std::string_view, std::string_view, std::string_view)> write;
  /// A text as a JSON string.
  std::function<std::string(std::string_view)> quote;
  std::function<wall_time()> clock;
  std::uint64_t window_bytes = 256 * 1024;
  std::size_t max_turns = 16; ///< that wait behind the present one
};

/// SESSION owns one conversation: its messages, one turn at a time, its followers.
///
/// A message is acknowledged when STORE has it. The answer's text is saved every second
/// and at the end. Each turn ends with exactly one of `done`, `cancelled`, `error`; its
/// request begins with the bytes of the one before, so that Ollama's prompt cache is
/// used. Followers read the log of events at their own pace; one that fell behind what
/// is kept gets a snapshot first.
struct session_state {
  static inline const char* name = "session";

  struct turn {
    std::uint64_t answer = 0; ///< seq of the message that it makes
    std::string options;
    std::string request_id;
  };
  struct follower {
    follower_actor to;
    std::uint64_t next = 1; ///< number of the event that it gets next
    std::size_t credit = 0;
  };

  session_links links;
  session_info info;
  std::vector<session_message> messages;
  std::deque<turn> turns;   ///< the first one is under way
  std::size_t arriving = 0; ///< messages that STORE has not taken yet
  publisher_actor answer;
  std::string tool_calls; ///< of the answer under way
  std::string reason;
  int status = 0;         ///< of the answer under way
  std::string failure;    ///< what Ollama said instead of an answer
  bool finishing = false; ///< the turn is over, STORE is still to take it
  bool dirty = false;     ///< text came since the last save
  bool ticking = false;
  bool used = true;        ///< since the last look
  std::size_t unsaved = 0; ///< writes under way

  std::deque<event_ptr> log;
  std::uint64_t next_event = 1;
  std::uint64_t durable = 0;      ///< event numbers that STORE knows to be reserved
  std::deque<session_event> held; ///< events that wait for a number
  std::vector<follower> followers;
};

session_actor::behavior_type session(session_actor::stateful_pointer<session_state> self,
                                     session_record_ptr record, session_links links);

} // namespace conductor
