#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace conductor::cli {

/// What `conductor show` was told.
struct show_options {
  std::string host;
  std::string model;
  std::string
      part; ///< one of license, modelfile, parameters, system, template; empty: all
  bool verbose = false;
  bool raw = false; ///< the node's document as it came
};

/// Prints what a model is. Returns the exit code, throws failure.
int show(const show_options& options);

/// Ollama's sections Model, Capabilities, Projector, Parameters, System and License for
/// the document of /api/show; with `verbose` also Metadata and Tensors.
std::string show_sections(const nlohmann::json& shown, bool verbose);

} // namespace conductor::cli
