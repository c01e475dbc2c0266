#pragma once

#include "adapters/cli/command_tree.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace conductor::cli {

/// A script that makes the shell complete commands, options, models and files.
std::string bash_completion(const tree_command& program);
std::string zsh_completion(const tree_command& program);
std::string fish_completion(const tree_command& program);

/// Calls `f` with each command and the words that lead to it, none for the program.
void each_command(
    const tree_command& program,
    const std::function<void(const std::vector<std::string>&, const tree_command&)>& f);

/// Text in single quotes, as every one of these shells takes it.
std::string single_quoted(std::string_view text);

/// Words with `between` between them.
std::string joined(const std::vector<std::string>& words, std::string_view between);

/// Whether the command takes names of models.
bool takes_models(const tree_command& command);

} // namespace conductor::cli
