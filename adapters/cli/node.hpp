#pragma once

#include "adapters/cli/client.hpp"

#include <functional>
#include <string>
#include <vector>

namespace conductor::cli {

/// Parses where a node is: every form that parse_backend takes, with port 11435 where
/// none is said, and `unix:/path`, `unix:///path` or a bare `/path`. Throws
/// std::invalid_argument.
endpoint parse_node(std::string_view text);

/// Where a node may be, in the order to try: `flag`, else the variable CONDUCTOR_HOST,
/// else the Unix socket in XDG_RUNTIME_DIR if there is one and then 127.0.0.1:11435. Only
/// the last has two entries. `variable` looks up the environment, `exists` a path.
std::vector<endpoint>
node_candidates(const std::string& flag,
                const std::function<std::string(const char*)>& variable,
                const std::function<bool(const std::string&)>& exists);

/// A client for the node that `flag` and this process's environment name. Throws failure
/// with exit_usage for an address that cannot be read.
client node_client(const std::string& flag);

/// The key to show to a node: the variable CONDUCTOR_API_KEY, else the file
/// `conductor/key` in XDG_CONFIG_HOME, which must be the owner's alone; empty: neither is
/// there. Throws failure for a file that others can read.
std::string node_key();

/// A variable of this process's environment, empty if it is not set.
std::string environment(const char* name);

} // namespace conductor::cli
