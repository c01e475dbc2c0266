#pragma once

#include "config/settings.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace conductor {

/// Where settings come from; `read_config` gets them from a file and the environment.
struct config_inputs {
  std::string file_name; ///< as errors name it; empty: no file
  std::string file_text; ///< TOML
  std::map<std::string, std::string> environment;
  /// By key name (`server.listen`; `backend` for the backends).
  std::map<std::string, std::vector<std::string>> flags;
  /// Addresses of sockets that this process was handed, by key name; they count first.
  std::map<std::string, std::vector<std::string>> handed{};
};

/// A setting that cannot be: says where it was said, what was wrong, what is allowed.
class config_error : public std::runtime_error {
public:
  /// `origin`: `conductor.toml:12`, `environment CONDUCTOR_LOG_LEVEL`, `flag --listen`.
  config_error(std::string origin, std::string key, const std::string& why)
      : std::runtime_error(origin + ": " + (key.empty() ? "" : key + ": ") + why) {}
};

/// One effective value and who said it.
struct config_entry {
  std::string key;
  std::string value; ///< as TOML would write it
  std::string origin;
};

struct loaded_config {
  settings values;
  std::vector<config_entry> entries; ///< every key, in the schema's order, then backends
  std::vector<std::string> warnings; ///< sentences to log; nothing that stops the node
};

/// Sockets handed over before flag before environment before file before default. Throws
/// config_error.
loaded_config load_config(const config_inputs& inputs);

/// `conductor config show`: a TOML document with each value's origin behind it.
std::string show_config(const loaded_config& config);

/// The file a user's node reads when none is named:
/// $XDG_CONFIG_HOME/conductor/conductor.toml or ~/.config/…; empty where neither is
/// known.
std::string default_config_file(const std::map<std::string, std::string>& environment);

} // namespace conductor
