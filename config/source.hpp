#pragma once

#include "config/load.hpp"

#include <map>
#include <string>

namespace conductor {

/// This process's environment.
std::map<std::string, std::string> process_environment();

/// The file that a node reads, and whether somebody named it.
struct config_source {
  std::string file;   ///< empty: none can be named
  bool named = false; ///< by a flag or by CONDUCTOR_CONFIG; else it need not exist
};

/// `flag`, else CONDUCTOR_CONFIG, else the user's default file.
config_source find_config(const std::string& flag);

/// That file and the environment, without flags. Throws config_error where a file that
/// was named cannot be read.
config_inputs read_config(const config_source& from);

} // namespace conductor
