#pragma once

namespace CLI {
class App;
}

namespace conductor {

/// Registers `serve` and `config`. The exit code of what ran goes to `exit_code`.
void add_serve_command(CLI::App& app, int& exit_code);

} // namespace conductor
