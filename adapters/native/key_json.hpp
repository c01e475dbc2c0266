#pragma once

#include "adapters/native/json_input.hpp"
#include "messages/key.hpp"

#include <cstdint>
#include <functional>
#include <string_view>

namespace conductor {

/// A key as it is told: neither salt nor digest. `used`: since the node's start.
json_input::json to_json(const api_key& k);
json_input::json to_json(const grant& g);

/// The key that a body asks for; `now` in milliseconds since 1970. Throws bad_request.
api_key parse_key_wish(std::string_view body, std::int64_t now);
/// What a body changes of one; null: as a new key has it. Throws bad_request.
std::function<void(api_key&)> parse_key_change(std::string_view body, std::int64_t now);

} // namespace conductor
