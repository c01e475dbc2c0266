#pragma once

#include "adapters/cli/human.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace conductor::cli {

/// What `conductor requests` was told.
struct requests_options {
  std::string host;
  int limit = 20;
  std::string outcome; ///< empty: any
  std::string model;   ///< empty: any
  bool raw = false;    ///< the node's document as it came
  bool follow = false; ///< then each as it ends
};

/// Prints the last requests that ended. Returns the exit code, throws failure.
int list_requests(const requests_options& options);

/// The document of /conductor/v1/requests for people.
std::string requests_table(const nlohmann::json& document, moment now);

} // namespace conductor::cli
