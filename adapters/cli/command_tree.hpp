#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace conductor::cli {

/// An option of a command.
struct tree_option {
  std::vector<std::string> names; ///< with their dashes, the short ones first
  std::string value;              ///< what it takes, as in FILE; empty: nothing
  std::string about;
};

/// A word that a command takes.
struct tree_argument {
  std::string name;
  std::string about;
  bool needed = false;
  bool many = false;
};

/// A command with all that may stand behind it: what completions and the manual are made
/// of, so that they cannot name another one than the program has.
struct tree_command {
  std::string name;
  std::vector<std::string> aliases;
  std::string about;
  std::vector<tree_option> options;
  std::vector<tree_argument> arguments;
  std::vector<tree_command> commands;

  /// Every name that it may be called by.
  std::vector<std::string> names() const;
};

/// The program's definitions as they are now.
tree_command tree_of(const CLI::App& app);

} // namespace conductor::cli
