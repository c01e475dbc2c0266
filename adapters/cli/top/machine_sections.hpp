#pragma once

#include "adapters/cli/top/sections.hpp"

namespace conductor::cli {

/// The servers, each with the models in its memory below it.
section backends_section(const node_state& node);

/// The GPUs of the node's machine.
section gpus_section(const node_state& node);

} // namespace conductor::cli
