#pragma once

#include "config/settings.hpp"
#include "runtime/handed.hpp"

#include <functional>
#include <string>

namespace conductor {

/// Where a node's settings come from.
struct node_source {
  std::string file; ///< that is watched; empty: none
  /// Reads all of them anew; throws config_error.
  std::function<settings()> read;
};

/// Runs a node until a signal, in the calling thread: SIGINT or SIGTERM drains, a second
/// one does not wait; SIGHUP, or a change of the file, makes it read its configuration
/// anew, a change of the file of keys these; at SIGUSR2 it starts a node of the program
/// that is on the disk now, which takes its sockets, and then drains. The exit status;
/// throws std::exception where it cannot start.
int run_node(settings values, const node_source& source, handed given);

} // namespace conductor
