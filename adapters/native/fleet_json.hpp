#pragma once

#include "messages/fleet.hpp"

#include <nlohmann/json.hpp>

namespace conductor {

/// One backend, as `/conductor/v1/status` and `/conductor/v1/backends` tell it.
nlohmann::ordered_json to_json(const backend_load& b);
/// Why one request went where it went.
nlohmann::ordered_json to_json(const explanation& e);

} // namespace conductor
