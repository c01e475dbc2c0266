#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace conductor::cli {

/// What the commands of `conductor keys` were told.
struct key_options {
  std::string host;
  std::string name; ///< or id
  std::vector<std::string> scopes, models;
  std::string highest, usual; ///< classes
  std::optional<std::uint64_t> requests_per_minute, requests_per_day, tokens_per_minute,
      tokens_per_day, gpu_seconds_per_minute, gpu_seconds_per_day, parallel, uid;
  std::string expires;    ///< `30d`, or as Go writes durations; `never`
  std::string public_key; ///< file
  bool trusted = false;
  std::vector<std::string> resets; ///< options that are to be as a new key has them
  bool all = false;                ///< also those that were revoked
  bool raw = false;                ///< the node's document as it came
};

/// Each asks the node and prints; they return the exit code and throw failure.
int list_keys(const key_options& options);
int show_key(const key_options& options);
int create_key(const key_options& options); ///< prints the key's text, this once
int set_key(const key_options& options);    ///< what it says, and nothing else
int rotate_key(const key_options& options); ///< likewise
int revoke_key(const key_options& options);

/// The document of /conductor/v1/keys for people.
std::string keys_table(const nlohmann::json& document, bool all);

/// Seconds of `30d`, `12h`, `1h30m`; 0 of `never`. Throws failure with exit_usage.
std::uint64_t life_of(const std::string& text);

} // namespace conductor::cli
