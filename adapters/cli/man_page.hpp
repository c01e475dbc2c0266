#pragma once

#include "adapters/cli/command_tree.hpp"

#include <string>

namespace conductor::cli {

/// The manual page conductor(1) in roff, with every command and option of the program.
std::string man_page(const tree_command& program);

} // namespace conductor::cli
