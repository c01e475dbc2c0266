#pragma once

#include <string>
#include <vector>

namespace conductor::cli {

/// What `conductor load`, `unload`, `pin` and `unpin` were told.
struct order_options {
  std::string host;
  std::string model;
  std::string backend;              ///< empty: the node chooses, or all that have it
  std::vector<std::string> options; ///< key=value, of load
  std::string keep_alive;           ///< of load
};

/// Each tells the node, waits until it is done and prints where. They return the exit
/// code and throw failure.
int load_model(const order_options& options);
int unload_model(const order_options& options);
int pin_model(const order_options& options);
int unpin_model(const order_options& options);

} // namespace conductor::cli
