#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace conductor::cli {

/// What a node_link says to be told the node's state, at once and whenever it changes.
std::string follow_overview();

/// Whether an event tells that state.
bool is_overview(const nlohmann::json& event);

} // namespace conductor::cli
