#pragma once

#include "adapters/responses/response_id.hpp"
#include "messages/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// `POST /v1/responses` that is stored, in terms of sessions.
struct response_request {
  std::string model;                     ///< empty: the session's
  std::string system;                    ///< JSON object of the system message, or empty
  std::optional<response_id> previous;   ///< empty: a conversation begins
  std::vector<session_message> messages; ///< of its input; never none
  std::string settings = "{}";           ///< of its turn
  std::string metadata = "{}";
  std::string title; ///< first words of what the user says
  bool streams = false;
  std::string key;              ///< Idempotency-Key; set by who has the headers
  std::uint64_t key_digest = 0; ///< of the body
};

/// Throws json_input::bad_request, which names what is wrong or not supported.
response_request parse_response(std::string_view body);

} // namespace conductor
