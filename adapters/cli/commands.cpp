#include "adapters/cli/commands.hpp"

#include "adapters/cli/bench.hpp"
#include "adapters/cli/command_parts.hpp"
#include "adapters/cli/doctor/doctor.hpp"
#include "adapters/cli/models.hpp"
#include "adapters/cli/run.hpp"
#include "adapters/cli/show.hpp"
#include "adapters/cli/status.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace conductor {

namespace {

using namespace cli;

void add_run(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("run", "Ask a model once, or talk with it at a prompt");
  auto options = std::make_shared<run_options>();
  auto& o = *options;
  add_host(command, o.host);
  auto* model =
      command->add_option("model", o.model, "Name of the model; a session knows its own");
  add_words(command, "prompt", o.prompt, "What to ask; standard input is put before it");
  auto* session = command->add_option("--session", o.session,
                                      "Ask in a conversation that the node keeps: its id "
                                      "or title; a new title begins one");
  add_repeated(command, "--image", o.images, "A picture to show to the model");
  add_repeated(command, "--options", o.options, "A model option, as in temperature=0.2");
  command->add_option("--format", o.format, "json, or a JSON schema");
  command->add_option("--keepalive", o.keep_alive,
                      "How long the model stays loaded, as in 5m");
  command->add_flag("--think{true}", o.think,
                    "Think first: true, false, low, medium, high or max");
  command->add_flag("--hidethinking", o.hide_thinking, "Do not show the thinking");
  command->add_flag("--nowordwrap", o.no_word_wrap, "Do not move words to the next line");
  command->add_flag("--verbose", o.verbose, "Print statistics on standard error");
  command->add_flag("--json", o.raw, "Print the records as they come");
  command->add_flag("--insecure", o.insecure, "Allow an insecure registry for a pull");
  command->add_option("--dimensions", o.dimensions, "Length of an embedding");
  auto* truncate = command->add_flag("--truncate{true}", o.truncate,
                                     "Cut an embedding's input that is too long");
  command->callback([=, &exit_code] {
    if (options->session.empty() && (options->model.empty() || session->count() > 0))
      throw CLI::RequiredError(session->count() > 0 ? "a session's name" : "model");
    const auto& order = command->parse_order();
    options->model_first = std::find(order.begin(), order.end(), model) <
                           std::find(order.begin(), order.end(), session);
    options->truncate_said = truncate->count() > 0;
    exit_code = guarded([&] { return run(*options); });
  });
}

// A command on models: what it takes and does. Its options live as long as its callback.
struct model_command {
  CLI::App* command;
  std::shared_ptr<model_options> options = std::make_shared<model_options>();

  model_command(CLI::App& app, int& exit_code, const char* name, const char* about,
                int (*what)(const model_options&))
      : command(app.add_subcommand(name, about)) {
    add_host(command, options->host);
    command->callback([options = options, what, &exit_code] {
      exit_code = guarded([&] { return what(*options); });
    });
  }
  void takes(const char* names, int least, int most) {
    command->add_option(names, options->names, "Names of models")
        ->expected(least, most)
        ->required(least > 0)
        ->option_text(" ");
  }
};

void add_models(CLI::App& app, int& exit_code) {
  constexpr int any = CLI::detail::expected_max_vector_size;
  auto add_list = [&](const char* name, const char* about,
                      int (*what)(const model_options&)) {
    model_command c(app, exit_code, name, about, what);
    c.takes("prefix", 0, 1);
    c.command->add_flag("--json", c.options->raw, "Print the node's answer as it came");
    return c.command;
  };
  add_list("list", "List the models that the node has", list_models)->alias("ls");
  add_list("ps", "List the models that are loaded", list_running);
  model_command pulls(app, exit_code, "pull", "Download models", pull);
  pulls.takes("model", 1, any);
  pulls.command->add_flag("--insecure", pulls.options->insecure,
                          "Allow an insecure registry");
  model_command(app, exit_code, "rm", "Remove models", remove_models)
      .takes("model", 1, any);
  model_command(app, exit_code, "cp", "Copy a model", copy_model)
      .takes("source destination", 2, 2);
  model_command(app, exit_code, "stop", "Unload a model", stop_model)
      .takes("model", 1, 1);
}

void add_show(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("show", "Show what a model is");
  auto options = std::make_shared<show_options>();
  auto& o = *options;
  add_host(command, o.host);
  command->add_option("model", o.model, "Name of the model")->required();
  auto* parts = command->add_option_group("part", "Show only one part");
  parts->require_option(0, 1);
  for (const char* part : {"license", "modelfile", "parameters", "system", "template"})
    parts->add_flag_callback(
        std::string("--") + part, [options, part] { options->part = part; },
        std::string("Show only the model's ") + part);
  command->add_flag("-v,--verbose", o.verbose, "Show metadata and tensors too");
  command->add_flag("--json", o.raw, "Print the node's answer as it came");
  command->callback(
      [options, &exit_code] { exit_code = guarded([&] { return show(*options); }); });
}

void add_bench(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "bench", "Measure what Conductor costs: the same prompt with and without it");
  auto options = std::make_shared<bench_options>();
  auto& o = *options;
  add_host(command, o.host);
  command->add_option("model", o.model, "Name of the model")->required();
  command->add_option("--prompt", o.prompt, "What to ask in every round");
  command->add_option("--rounds", o.rounds, "Pairs of answers to measure")
      ->check(CLI::Range(2, 10'000));
  command->add_option("--tokens", o.tokens, "Longest answer, in tokens")
      ->check(CLI::Range(2, 1'000'000));
  command->add_option("--direct", o.direct, "Address of the Ollama server (OLLAMA_HOST)");
  command->add_option("--seed", o.seed, "Seed of the order and of the model");
  command->add_flag("--json", o.raw, "Print a JSON document");
  command->callback(
      [options, &exit_code] { exit_code = guarded([&] { return bench(*options); }); });
}

void add_status(CLI::App& app, int& exit_code, const char* name, const char* about,
                int (*what)(const status_options&)) {
  auto* command = app.add_subcommand(name, about);
  auto options = std::make_shared<status_options>();
  add_host(command, options->host);
  command->add_flag("--json", options->raw, "Print a JSON document");
  command->callback([options, what, &exit_code] {
    exit_code = guarded([&] { return what(*options); });
  });
}

void add_health(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "health", "Say whether the node's threads turn; else exit with 1");
  auto options = std::make_shared<health_options>();
  add_host(command, options->host);
  command->add_flag("--ready", options->ready,
                    "Also whether a backend answers and the store writes");
  command->callback(
      [options, &exit_code] { exit_code = guarded([&] { return health(*options); }); });
}

void add_doctor(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "doctor", "Look at node, backends, models, GPUs and machine, and say what to do");
  auto options = std::make_shared<doctor_options>();
  add_host(command, options->host);
  command
      ->add_option("--config", options->config, "Configuration file of the node (TOML)")
      ->type_name("FILE");
  command->add_flag("--json", options->raw, "Print a JSON document");
  command->callback(
      [options, &exit_code] { exit_code = guarded([&] { return doctor(*options); }); });
}

} // namespace

void add_client_commands(CLI::App& app, int& exit_code) {
  add_run(app, exit_code);
  add_session_commands(app, exit_code);
  add_models(app, exit_code);
  add_show(app, exit_code);
  add_fleet_commands(app, exit_code);
  add_screen_commands(app, exit_code);
  add_key_commands(app, exit_code);
  add_bench(app, exit_code);
  add_status(app, exit_code, "status", "Show what the node is doing", status);
  add_status(app, exit_code, "version", "Show the versions of client and server",
             print_version);
  add_health(app, exit_code);
  add_doctor(app, exit_code);
  add_help_commands(app, exit_code);
  app.require_subcommand(0, 1);
}

} // namespace conductor
