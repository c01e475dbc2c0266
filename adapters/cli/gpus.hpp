#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace conductor::cli {

/// What `conductor gpu` was told.
struct gpu_options {
  std::string host;
  bool raw = false;   ///< the node's document as it came
  bool watch = false; ///< again every second, until Ctrl-C
};

/// Prints the GPUs of the node's machine and where models lie. Returns the exit code,
/// also where there is no GPU, and throws failure.
int gpus(const gpu_options& options);

/// The document of /conductor/v1/gpus for people.
std::string gpus_text(const nlohmann::json& document);

} // namespace conductor::cli
