#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace conductor::cli {

/// What `/set parameter NAME VALUE…` says, as the JSON value that Ollama takes. Throws
/// failure with Ollama's words for a name or a value that it would refuse.
nlohmann::ordered_json parameter_value(const std::string& name,
                                       const std::vector<std::string>& values);

/// The lines of `/show parameters`: the model's own, and those that were set.
std::string parameters_text(const std::string& of_model,
                            const nlohmann::ordered_json& set);

} // namespace conductor::cli
