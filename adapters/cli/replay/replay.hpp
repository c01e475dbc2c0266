#pragma once

#include "adapters/cli/replay/player.hpp"
#include "adapters/cli/replay/recording.hpp"

#include <string>
#include <vector>

namespace conductor::cli {

/// What `conductor replay` was told.
struct replay_options {
  std::string host;
  std::string file; ///< `-`: standard input
  pace how;
  bool raw = false;
};

/// Asks a node for what another one was asked, and compares. Returns 1 where something
/// failed that had not failed before.
int replay(const replay_options& options);

/// Both side by side, of all and of each class, and what that says in words.
std::string replay_text(const recording& before, const std::vector<played_request>& now,
                        const pace& how);
/// The same as one JSON document.
std::string replay_json(const recording& before, const std::vector<played_request>& now,
                        const pace& how);

} // namespace conductor::cli
