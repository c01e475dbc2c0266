#include "runtime/serve.hpp"

#include "adapters/log/log.hpp"
#include "config/schema.hpp"
#include "config/source.hpp"
#include "runtime/handed.hpp"
#include "runtime/run_node.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <iostream>
#include <memory>
#include <utility>

namespace conductor {
namespace {

/// What the command line says, by key.
struct command_line {
  std::string file;
  std::map<std::string, std::vector<std::string>> flags;
  std::map<std::string, std::vector<std::string>> handed; ///< addresses of sockets
};

void add_flags(CLI::App& command, command_line& line) {
  command.add_option("--config", line.file, "Configuration file (TOML)")
      ->type_name("FILE");
  for (const auto& key : schema()) {
    if (key.flag.empty())
      continue;
    const auto name = std::string{key.name};
    const auto flag = "--" + std::string{key.flag};
    const auto help = std::string{key.help};
    if (key.on_off)
      command.add_flag_callback(
          flag, [&line, name] { line.flags[name] = {"true"}; }, help);
    else
      command
          .add_option_function<std::vector<std::string>>(
              flag, [&line, name](const auto& values) { line.flags[name] = values; },
              help)
          ->type_name(std::string{key.metavar})
          ->take_all()
          ->expected(1, -1)
          ->allow_extra_args(false);
  }
  command
      .add_option_function<std::vector<std::string>>(
          "--backend", [&line](const auto& values) { line.flags["backend"] = values; },
          "An Ollama server; repeatable; default OLLAMA_HOST or 127.0.0.1:11434")
      ->type_name("[NAME=]URL")
      ->take_all()
      ->expected(1, -1)
      ->allow_extra_args(false);
}

config_inputs inputs_of(const command_line& line) {
  auto inputs = read_config(find_config(line.file));
  inputs.flags = line.flags;
  inputs.handed = line.handed;
  return inputs;
}

loaded_config load(const command_line& line) {
  return load_config(inputs_of(line));
}

/// A file that a running node finds empty is one that is being written just now: taken at
/// its word it would leave the node without its backends for a moment.
settings load_anew(const command_line& line) {
  const auto inputs = inputs_of(line);
  if (!inputs.file_name.empty() && inputs.file_text.empty())
    throw config_error(inputs.file_name, "",
                       "the file is empty; to have only defaults, leave a comment in it");
  return load_config(inputs).values;
}

int run_serve(command_line line) {
  handed given;
  loaded_config config;
  try {
    given = take_handed();
    for (const auto& s : given.sockets)
      line.handed[s.admin ? "server.admin_listen" : "server.listen"].push_back(
          to_listen(s.at));
    config = load(line);
  } catch (const std::exception& bad) {
    std::cerr << "Error: " << bad.what() << "\n";
    return 2;
  }
  start_log(config.values.log);
  for (const auto& warning : config.warnings)
    spdlog::warn("{}", warning);
  int code = 1;
  try {
    code = run_node(config.values,
                    {find_config(line.file).file, [line] { return load_anew(line); }},
                    std::move(given));
  } catch (const std::exception& bad) {
    spdlog::error("{}", bad.what());
  }
  stop_log();
  return code;
}

int run_config(const command_line& line, bool show) {
  try {
    const auto config = load(line);
    std::cout << (show ? show_config(config) : "the configuration is valid\n");
    return 0;
  } catch (const config_error& bad) {
    std::cerr << "Error: " << bad.what() << "\n";
    return 2;
  }
}

} // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  auto line = std::make_shared<command_line>();
  auto* serve = app.add_subcommand("serve", "Run the node in the foreground");
  add_flags(*serve, *line);
  serve->callback([line, &exit_code] { exit_code = run_serve(*line); });

  auto* config = app.add_subcommand("config", "Check or show the configuration");
  config->require_subcommand(1);
  for (const bool show : {false, true}) {
    auto* command =
        show ? config->add_subcommand("show", "Print every value and where it came from")
             : config->add_subcommand("check", "Say whether the configuration is valid");
    add_flags(*command, *line);
    command->callback([line, show, &exit_code] { exit_code = run_config(*line, show); });
  }
}

} // namespace conductor
