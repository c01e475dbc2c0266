#pragma once

#include "adapters/native/json_input.hpp"
#include "messages/session.hpp"

#include <vector>

namespace conductor {

/// The messages that `input` of a request for a response says; never none. Throws
/// bad_request, which names what is wrong or not supported.
std::vector<session_message> read_input(const json_input::json& input);

} // namespace conductor
