#include "adapters/cli/chat/chat.hpp"
#include "adapters/cli/command_parts.hpp"
#include "adapters/cli/top/top.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace conductor::cli {

namespace {

void add_top(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("top", "Show live what the node does");
  auto options = std::make_shared<top_options>();
  add_host(command, options->host);
  command->add_flag("--once", options->once, "Print it once, as text");
  command->add_flag("--json", options->raw, "Print one event as the node sends it");
  command->callback(
      [options, &exit_code] { exit_code = guarded([&] { return top(*options); }); });
}

void add_chat(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("chat", "Hold conversations that the node keeps, on the screen");
  auto options = std::make_shared<chat_options>();
  add_host(command, options->host);
  command
      ->add_option("session", options->session,
                   "Its id, the beginning of one, or its title; else the one last used")
      ->option_text(" ");
  command->callback(
      [options, &exit_code] { exit_code = guarded([&] { return chat(*options); }); });
}

} // namespace

void add_screen_commands(CLI::App& app, int& exit_code) {
  add_top(app, exit_code);
  add_chat(app, exit_code);
}

} // namespace conductor::cli
