#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace conductor::cli {

/// The edge of every command: what it throws becomes its exit code and a line on standard
/// error.
int guarded(const std::function<int()>& command);

/// The option --host, which every command has.
void add_host(CLI::App* command, std::string& host);

/// An option that may be given several times, with one value each time.
void add_repeated(CLI::App* command, const std::string& name,
                  std::vector<std::string>& values, const std::string& about);

/// All words that are left, whatever they look like.
CLI::Option* add_words(CLI::App* command, const std::string& name,
                       std::vector<std::string>& words, const std::string& about);

/// Registers `conductor sessions` and its commands, as add_client_commands does.
void add_session_commands(CLI::App& app, int& exit_code);

/// Registers what an operator does with backends and the models in their memory:
/// backends, drain, undrain, load, unload, pin, unpin, explain, requests, gpu.
void add_fleet_commands(CLI::App& app, int& exit_code);

/// Registers `conductor keys` and its commands.
void add_key_commands(CLI::App& app, int& exit_code);

/// Registers what takes the whole terminal: top, chat.
void add_screen_commands(CLI::App& app, int& exit_code);

/// Registers what is for shells and readers: completion, shell, man.
void add_help_commands(CLI::App& app, int& exit_code);

} // namespace conductor::cli
