#pragma once

#include "messages/session.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// What a client sent cannot be used; says why and what is allowed.
struct bad_request : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Body of `POST /conductor/v1/sessions`; the id and times are not set. Throws
/// bad_request.
session_info parse_session(std::string_view body);

/// Body of `POST …/messages`. Throws bad_request.
say parse_message(std::string_view body);

/// NDJSON records of `/api/chat`, and error bodies.
std::vector<answer_piece> read_chat_records(std::string_view records);
/// An assistant's message for the next request.
std::string chat_message(std::string_view text, std::string_view thinking,
                         std::string_view tool_calls);
/// A JSON string.
std::string json_quoted(std::string_view text);

/// One JSON object, without a newline.
std::string to_json(const session_event& event);
/// The session and its messages.
std::string to_json(const session_record& record);
/// `{"sessions": […], "next": …}`; `next` is null on the last page.
std::string to_json(const session_page& page, std::size_t limit);

} // namespace conductor
