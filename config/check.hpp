#pragma once

#include "config/load.hpp"

namespace conductor {

/// What no single key can tell: names that are unique, sizes that
/// fit each other, no node that is its own backend. Throws config_error.
void check_config(const loaded_config& config);

/// Whether a connection to `target` reaches what listens on one of these.
bool reaches(const std::vector<endpoint>& listeners, const endpoint& target);

} // namespace conductor
