#pragma once

#include <string>

namespace conductor::cli {

/// What `conductor top` was told.
struct top_options {
  std::string host;
  bool once = false; ///< one snapshot as text
  bool raw = false;  ///< one event as the node sent it
};

/// Shows what the node does, live, until a key ends it; once, where standard output is no
/// terminal. Returns the exit code, throws failure.
int top(const top_options& options);

} // namespace conductor::cli
