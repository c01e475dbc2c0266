#include "adapters/cli/commands.hpp"
#include "runtime/serve.hpp"

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app{"Conductor: a node between people and their Ollama servers"};
  app.require_subcommand(1);
  int exit_code = 0;
  conductor::add_serve_command(app, exit_code);
  conductor::add_client_commands(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return exit_code;
}
