#include "runtime/serve.hpp"

#include "adapters/log/log.hpp"
#include "config/load.hpp"
#include "config/schema.hpp"
#include "runtime/file_watch.hpp"
#include "runtime/node.hpp"
#include "runtime/watchdog.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <spdlog/spdlog.h>

#include <csignal>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

extern char** environ;

namespace conductor {
namespace {

/// What the command line says, by key.
struct command_line {
  std::string file;
  std::map<std::string, std::vector<std::string>> flags;
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

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> result;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry{*e};
    const auto equals = entry.find('=');
    if (equals != std::string::npos)
      result[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return result;
}

/// The file that is read, and whether somebody named it.
std::pair<std::string, bool> file_of(const command_line& line) {
  const auto variables = environment();
  const auto named = variables.find("CONDUCTOR_CONFIG");
  if (!line.file.empty())
    return {line.file, true};
  if (named != variables.end() && !named->second.empty())
    return {named->second, true};
  return {default_config_file(variables), false};
}

/// Reads the file that was named; the default one only where it exists.
loaded_config load(const command_line& line) {
  config_inputs inputs;
  inputs.environment = environment();
  inputs.flags = line.flags;
  const auto [file, named] = file_of(line);
  if (!file.empty()) {
    std::ifstream in{file};
    std::ostringstream text;
    text << in.rdbuf();
    if (in.good() || in.eof()) {
      inputs.file_name = file;
      inputs.file_text = text.str();
    } else if (named) {
      throw config_error(file, "", "the file cannot be read");
    }
  }
  return load_config(inputs);
}

std::string list(const std::vector<endpoint>& all) {
  std::string text;
  for (const auto& e : all)
    text += (text.empty() ? "" : ", ") + to_string(e);
  return text;
}

void say_hello(const node& n, const settings& values) {
  spdlog::info("conductor {} listens on {}", CONDUCTOR_VERSION, list(n.addresses()));
  for (const auto& b : values.backends)
    spdlog::info("backend {} is {}", b.name, to_url(b.url));
  const auto first = to_string(n.addresses().front());
  spdlog::info("try: conductor run MODEL \"why is the sky blue?\"   or: OLLAMA_HOST={} "
               "ollama list",
               first);
}

/// Keys that were changed and count only after a restart.
std::string changed_keys(const settings& from, const settings& to) {
  std::string names;
  for (const auto& key : schema())
    if (key.show(from) != key.show(to))
      names += (names.empty() ? "" : ", ") + std::string{key.name};
  return names;
}

/// Takes over what can change while the node runs: its backends, and how models are run.
/// What is wrong changes nothing.
void read_anew(node& n, const command_line& line, settings& now) {
  try {
    auto next = load(line).values;
    if (const auto late = changed_keys(now, next); !late.empty())
      spdlog::warn("changed, but in use only after a restart: {}", late);
    if (next.backends != now.backends || next.models != now.models) {
      n.use_fleet(next.backends, next.models);
      spdlog::info("the configuration has {} backends and {} rules for models now",
                   next.backends.size(), next.models.size());
    }
    now = std::move(next);
  } catch (const config_error& bad) {
    spdlog::error("the configuration was changed and cannot be used, all stays as it is: "
                  "{}",
                  bad.what());
  }
}

/// Runs until a signal: the first one drains, the second one does not wait; SIGHUP, or a
/// change of the file, makes it read its configuration anew.
int serve(const settings& values, const command_line& line) {
  std::signal(SIGPIPE, SIG_IGN);
  ::umask(S_IRWXG | S_IRWXO); // conversations and sockets are the owner's alone
  boost::asio::io_context main_loop{1};
  boost::asio::signal_set signals{main_loop, SIGINT, SIGTERM};
  int code = 0;
  std::function<void()> stop;
  node n{values, CONDUCTOR_VERSION, [&](const std::string& reason) {
           spdlog::critical("{}; the node stops", reason);
           boost::asio::post(main_loop, [&] {
             code = 1;
             stop();
           });
         }};
  n.start();
  say_hello(n, values);
  stop = [&, stopping = false]() mutable {
    if (std::exchange(stopping, true)) {
      spdlog::warn("stopping now: answers in flight are cut");
      n.expel_clients();
      return;
    }
    spdlog::info("stopping: answers in flight may take {} ms more",
                 values.server.drain.count());
    n.begin_stop([&] { boost::asio::post(main_loop, [&] { main_loop.stop(); }); });
  };
  std::function<void()> await_signal = [&] {
    signals.async_wait([&](const boost::system::error_code& ec, int) {
      if (ec)
        return;
      await_signal();
      stop();
    });
  };
  await_signal();
  auto now = values;
  const auto look = [&] { read_anew(n, line, now); };
  boost::asio::signal_set hangup{main_loop, SIGHUP};
  std::function<void()> await_hangup = [&] {
    hangup.async_wait([&](const boost::system::error_code& ec, int) {
      if (ec)
        return;
      await_hangup();
      look();
    });
  };
  await_hangup();
  file_watch file{main_loop, file_of(line).first, look};
  watchdog dog{main_loop};
  main_loop.run();
  n.finish();
  spdlog::info("stopped");
  return code;
}

int run_serve(const command_line& line) {
  loaded_config config;
  try {
    config = load(line);
  } catch (const config_error& bad) {
    std::cerr << "Error: " << bad.what() << "\n";
    return 2;
  }
  start_log(config.values.log);
  for (const auto& warning : config.warnings)
    spdlog::warn("{}", warning);
  int code = 1;
  try {
    code = serve(config.values, line);
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
