#include "adapters/native/talk_command.hpp"

#include "adapters/native/session_requests.hpp"

#include <utility>

namespace conductor {
namespace {

using json_input::json;

/// What is asked of the session, without what says whom and how.
json without_envelope(const json& op) {
  auto rest = op;
  for (const auto* key : {"op", "ref", "session"})
    rest.erase(key);
  return rest;
}

send_to_session send_of(std::string session, const json& op) {
  auto rest = without_envelope(op);
  auto key = json_input::text(rest, "idempotency_key");
  rest.erase("idempotency_key");
  return {std::move(session), std::move(key), say_of(rest)};
}

} // namespace

talk_command talk_command_of(const json& op) {
  const auto what = json_input::needed_text(op, "op");
  if (op.contains("topic")) {
    json_input::allow(op, {"op", "ref", "topic"});
    return ask_topic{json_input::needed_text(op, "topic"), what};
  }
  auto session = json_input::needed_text(op, "session");
  if (what == "subscribe") {
    json_input::allow(op, {"op", "ref", "session", "from"});
    return subscribe_session{std::move(session), json_input::number(op, "from", 0)};
  }
  if (what == "unsubscribe")
    return unsubscribe_session{std::move(session)};
  if (what == "send")
    return send_of(std::move(session), op);
  if (what == "cancel")
    return cancel_in_session{std::move(session), stop_of(without_envelope(op))};
  throw json_input::bad_request(
      "\"op\" must be \"subscribe\", \"unsubscribe\", \"send\" or \"cancel\"");
}

talk_question read_question(std::string_view text) {
  talk_question asked;
  try {
    const auto op = json_input::object_of(text);
    asked.ref = json_input::text(op, "ref");
    asked.command = talk_command_of(op);
  } catch (const json_input::bad_request& e) {
    asked.refused = e.what();
  }
  return asked;
}

} // namespace conductor
