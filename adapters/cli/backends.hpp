#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace conductor::cli {

/// What `conductor backends`, its commands, `drain` and `undrain` were told. What a
/// number may be is the node's to say.
struct backend_options {
  std::string host;
  std::string name;
  std::string url; ///< this and the rest: of add
  std::optional<std::int64_t> parallel, max_loaded, weight, tier;
  bool primary = false;
  std::string probe_model;
  bool raw = false; ///< the node's document as it came
};

/// Each asks the node and prints. They return the exit code and throw failure, which
/// names the backends that there are where there is none of that name.
int list_backends(const backend_options& options);
int add_backend(const backend_options& options); ///< or changes the one of that name
int remove_backend(const backend_options& options);
int drain_backend(const backend_options& options);
int undrain_backend(const backend_options& options);

/// The document of /conductor/v1/backends for people.
std::string backends_text(const nlohmann::json& document);

} // namespace conductor::cli
