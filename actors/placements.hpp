#pragma once

#include "messages/fleet.hpp"
#include "messages/gpu.hpp"

#include <string>
#include <vector>

namespace conductor {

/// Where the models in the memory of backends that answer lie, by backend and name.
std::vector<model_placement> placements_of(const fleet_status& fleet);

/// Names of the backends at this machine's own addresses.
std::vector<std::string> local_backends_of(const fleet_status& fleet);

} // namespace conductor
