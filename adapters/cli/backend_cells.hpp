#pragma once

#include "adapters/cli/table.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace conductor::cli {

/// `-` for an empty text.
std::string or_dash(std::string text);

/// A member's number, `-` if it is missing or none.
std::string count_text(const nlohmann::json& from, const char* key);

/// How a backend stands: `up`, `down`, `up, draining`, `up, draining, tripped`.
std::string state_text(const nlohmann::json& backend);

/// What a column shows of a backend.
struct backend_column {
  const char* head;
  std::string (*cell)(const nlohmann::json& backend);
  bool needed = true; ///< else left out where it says nothing of any backend
};

/// One line for each backend; what is no object is left out.
std::string backends_table(const nlohmann::json& backends,
                           const std::vector<backend_column>& columns);

} // namespace conductor::cli
