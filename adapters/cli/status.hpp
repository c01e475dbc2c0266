#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace conductor::cli {

/// What `conductor status` and `conductor version` were told.
struct status_options {
  std::string host;
  bool raw = false; ///< the node's document as it came
};

/// Print what the node is doing, and the versions of client and server. They return the
/// exit code and throw failure; `version` succeeds without a node.
int status(const status_options& options);
int print_version(const status_options& options);

/// What `conductor health` asks for.
struct health_options {
  std::string host;
  bool ready = false; ///< also whether it can serve, not only whether it turns
};

/// Prints what /healthz or /readyz says, for those who start containers.
int health(const health_options& options);

/// The document of /conductor/v1/status for people; members that are missing are left
/// out.
std::string status_text(const nlohmann::json& status);

} // namespace conductor::cli
