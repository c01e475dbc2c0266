#pragma once

#include <string>

namespace conductor::cli {

/// What makes the shell (bash, zsh or fish) know `ask`: it puts a question to the model
/// in CONDUCTOR_MODEL together with what is piped into it, or else with the last command,
/// its exit status and, within tmux, the end of the screen. A shell does not know what
/// its commands printed, and `ask` runs none of them again.
std::string shell_functions(const std::string& shell);

} // namespace conductor::cli
