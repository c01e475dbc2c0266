#pragma once

#include "adapters/native/json_input.hpp"
#include "messages/session.hpp"

#include <string_view>

/// Bodies of requests about sessions. All throw bad_request.
namespace conductor {

using json_input::bad_request;

/// `POST /conductor/v1/sessions`, also of an exported document; the id is not set.
session_record parse_session(std::string_view body);
/// Tells bodies apart that come under one Idempotency-Key.
std::uint64_t digest_of(std::string_view body);
/// Metadata as it is kept, of whichever surface; refused where it is too long for a list.
std::string metadata_text(const json_input::json& object);
/// `PATCH …/ID`: a JSON merge patch.
change_session parse_change(std::string_view body);
/// `POST …/messages`, and what it says where it is parsed already.
say parse_message(std::string_view body);
say say_of(const json_input::json& j);
/// `POST …/regenerate`.
say parse_regenerate(std::string_view body);
/// `POST …/rewind`.
rewind_session parse_rewind(std::string_view body);
/// `POST …/fork`; the ids are not set.
fork_session parse_fork(std::string_view body);
/// `POST …/cancel`, likewise.
stop_turn parse_cancel(std::string_view body);
stop_turn stop_of(const json_input::json& j);
/// Query of `GET /conductor/v1/sessions`.
store_list parse_list(std::string_view target);

} // namespace conductor
