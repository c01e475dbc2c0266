#pragma once

#include <string>
#include <string_view>

namespace conductor {

/// The client's X-Request-Id where it is 1 to 128 of letters, digits, `.`, `_`, `-`; else
/// a new one of 16 hexadecimal digits, unguessable enough to tell requests apart. One
/// that looks like a key is not taken: ids are told and logged.
std::string choose_request_id(std::string_view from_client);

} // namespace conductor
