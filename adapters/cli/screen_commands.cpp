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

} // namespace

void add_screen_commands(CLI::App& app, int& exit_code) {
  add_top(app, exit_code);
}

} // namespace conductor::cli
