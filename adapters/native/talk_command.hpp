#pragma once

#include "adapters/native/json_input.hpp"
#include "messages/session.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace conductor {

/// What a peer of `/conductor/v1/ws` asks, by its `op`.
struct subscribe_session {
  std::string session;
  std::uint64_t from = 0; ///< the first event; 0: a snapshot, and what comes after it
};
struct unsubscribe_session {
  std::string session;
};
struct send_to_session {
  std::string session;
  std::string key; ///< Idempotency-Key
  say what;
};
struct cancel_in_session {
  std::string session;
  stop_turn which;
};
/// Of the node itself, not of a session.
struct ask_topic {
  std::string topic;
  std::string op; ///< as it came
};
using talk_command = std::variant<subscribe_session, unsubscribe_session, send_to_session,
                                  cancel_in_session, ask_topic>;

/// Throws json_input::bad_request.
talk_command talk_command_of(const json_input::json& op);

/// An operation as far as it could be read.
struct talk_question {
  std::string ref; ///< as it came
  talk_command command;
  std::string refused; ///< why it is none; empty: it is one
};
talk_question read_question(std::string_view text);

} // namespace conductor
