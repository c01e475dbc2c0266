#pragma once

#include "adapters/metrics/families.hpp"
#include "messages/fleet.hpp"

namespace conductor {

/// Series of what DISPATCHER knows. At most `most_models` models are told apart.
void add_fleet_series(families& into, const fleet_status& fleet, std::size_t most_models);

} // namespace conductor
