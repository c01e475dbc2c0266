#include "adapters/cli/command_parts.hpp"
#include "adapters/cli/completion.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/man_page.hpp"
#include "adapters/cli/shell.hpp"
#include "adapters/cli/terminal.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace conductor::cli {

namespace {

void takes_shell(CLI::App* command, std::string& shell) {
  command->add_option("shell", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->option_text(" ");
}

} // namespace

void add_help_commands(CLI::App& app, int& exit_code) {
  auto* completion = app.add_subcommand(
      "completion", "Print a script that makes a shell complete this program's words");
  auto shell = std::make_shared<std::string>();
  takes_shell(completion, *shell);
  completion->callback([&app, &exit_code, shell] {
    exit_code = guarded([&] {
      const auto program = tree_of(app);
      write_out(*shell == "bash"  ? bash_completion(program)
                : *shell == "zsh" ? zsh_completion(program)
                                  : fish_completion(program));
      return exit_ok;
    });
  });
  auto* functions = app.add_subcommand(
      "shell", "Print a function `ask` that tells a model about a shell's commands");
  takes_shell(functions, *shell);
  functions->callback([&exit_code, shell] {
    exit_code = guarded([&] {
      write_out(shell_functions(*shell));
      return exit_ok;
    });
  });
  auto* man = app.add_subcommand("man", "Print the manual page, to be read by man -l -");
  man->callback([&app, &exit_code] {
    exit_code = guarded([&] {
      write_out(man_page(tree_of(app)));
      return exit_ok;
    });
  });
}

} // namespace conductor::cli
