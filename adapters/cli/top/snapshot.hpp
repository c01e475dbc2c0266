#pragma once

#include "adapters/cli/top/sections.hpp"

#include <string>

namespace conductor::cli {

/// All tables of a node's state as text, the ones that are empty left out.
std::string snapshot_text(const node_state& node, moment now);

/// The event that tells the state of the node that `host` names, as it came. Throws
/// failure where there is none.
std::string fetch_overview(const std::string& host);

} // namespace conductor::cli
