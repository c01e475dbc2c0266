#pragma once

#include "adapters/gpu/nvml_library.hpp"
#include "messages/gpu.hpp"

#include <optional>
#include <vector>

namespace conductor::nvml {

/// The processes on a GPU, by number; what computes and what draws is one. Empty: not to
/// be known.
std::optional<std::vector<gpu_process>> processes_of(const library& nvml, device who);

} // namespace conductor::nvml
