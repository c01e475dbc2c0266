#pragma once

#include <string>

namespace conductor::cli {

/// What `conductor chat` was told.
struct chat_options {
  std::string host;
  std::string session; ///< id, beginning of the id, or title; empty: the one last used
};

/// Conversations of the node on the whole terminal, until a key ends it. Returns the exit
/// code, throws failure.
int chat(const chat_options& options);

} // namespace conductor::cli
