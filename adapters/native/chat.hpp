#pragma once

#include "messages/session.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Requests and records of `/api/chat`, as texts: what SESSION, which knows no JSON, has
/// done for it.
namespace conductor::chat {

/// NDJSON records of `/api/chat`, and error bodies.
std::vector<answer_piece> read_records(std::string_view records);
/// An assistant's message for the next request; `tool_calls` is a JSON array or empty.
std::string assistant_message(std::string_view text, std::string_view thinking,
                              std::string_view tool_calls);
/// A JSON string.
std::string quoted(std::string_view text);
/// An object after a JSON merge patch (RFC 7396); a null leaves an empty one.
std::string merged(std::string_view object, std::string_view patch);
/// Settings of a request, changed: a null removes one, `options` change one by one, all
/// others are replaced whole, so that a JSON schema stays what it was.
std::string changed_settings(std::string_view settings, std::string_view changes);
/// Two JSON arrays in one; each may be empty.
std::string joined(std::string_view array, std::string_view more);
/// `options.num_ctx` of a request's settings, in tokens; 0: not set.
std::uint64_t context_of(std::string_view settings);
/// Neither `format` nor `tools` nor `think` is set in a request's settings.
bool is_plain(std::string_view settings);
/// JSON that may be kept: see json_input::too_large.
bool keeps(std::string_view json);

} // namespace conductor::chat
