#pragma once

#include "adapters/cli/client.hpp"

#include <string>

namespace conductor::cli {

/// Has a model downloaded and shows its progress on standard error: bars on a terminal,
/// a line for each step otherwise. Throws failure when the download fails or its stream
/// ends before it is done.
void pull_model(client& node, const std::string& model, bool insecure);

} // namespace conductor::cli
