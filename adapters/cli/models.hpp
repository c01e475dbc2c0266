#pragma once

#include "adapters/cli/human.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace conductor::cli {

/// What list, ps, pull, rm, cp and stop were told.
struct model_options {
  std::string host;
  std::vector<std::string> names; ///< models, or the beginning of a name for list and ps
  bool insecure = false;
  bool raw = false; ///< the node's document as it came
};

/// Each asks the node and prints. They return the exit code and throw failure.
int list_models(const model_options& options);
int list_running(const model_options& options);
int pull(const model_options& options);
int remove_models(const model_options& options);
int copy_model(const model_options& options); ///< names: source, destination
int stop_model(const model_options& options);

/// The whole name of a model: `m` is `m:latest`, also behind a registry with a port.
std::string full_name(const std::string& model);

/// Who computes a model of which so many bytes are on GPUs, in Ollama's words:
/// `100% GPU`, `25%/75% CPU/GPU`.
std::string processor(std::int64_t size, std::int64_t on_gpu);

/// The tables of `list` and `ps` for the documents of /api/tags and /api/ps, showing only
/// models whose name begins with `prefix`.
std::string models_table(const nlohmann::json& tags, const std::string& prefix,
                         moment now);
std::string running_table(const nlohmann::json& ps, const std::string& prefix,
                          moment now);

} // namespace conductor::cli
