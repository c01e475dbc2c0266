#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace conductor::cli {

/// What `conductor explain` was told.
struct explain_options {
  std::string host;
  std::string request; ///< its X-Request-Id
  bool raw = false;    ///< the node's document as it came
};

/// Prints why a request went where it went. Returns the exit code, throws failure.
int explain(const explain_options& options);

/// The document of /conductor/v1/requests/ID for people: each decision in a sentence,
/// and how the backends stood to it.
std::string explanation_text(const nlohmann::json& document);

} // namespace conductor::cli
