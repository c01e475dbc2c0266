#pragma once

#include "adapters/native/json_input.hpp"
#include "messages/session.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Conversations in the terms of OpenAI's Responses.
namespace conductor::responses {

using json_input::json;

/// The Response object of an answer; `previous` is the id of the one it continues, or
/// empty.
json response_of(const session_info& info, const session_message& answer,
                 const std::string& previous);
/// The items of its `output`.
json output_of(const std::string& session, const session_message& answer);
/// The item of a message that asked, or of an assistant's that was given with it.
std::vector<json> items_of(const std::string& session, const session_message& m);

/// One item of an output, at that place in it.
json reasoning_item(const std::string& id, const std::string& text);
json message_item(const std::string& id, const std::string& text, const char* status);
json text_part(const std::string& text);
/// `KIND_SESSION_MESSAGE_PLACE`.
std::string item_id(const char* kind, const std::string& session, std::uint64_t message,
                    std::size_t place);

} // namespace conductor::responses
