#include "adapters/cli/backends.hpp"
#include "adapters/cli/command_parts.hpp"
#include "adapters/cli/explain.hpp"
#include "adapters/cli/gpus.hpp"
#include "adapters/cli/model_orders.hpp"
#include "adapters/cli/replay/replay.hpp"
#include "adapters/cli/requests.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <utility>

namespace conductor::cli {

namespace {

// A command of this family. Its options live as long as its callback; one inside another
// shares those, so that --host may stand behind either.
template <class Options>
struct fleet_command {
  CLI::App* command;
  std::shared_ptr<Options> options;

  fleet_command(CLI::App* parent, int& exit_code, const char* name, const char* about,
                int (*what)(const Options&),
                std::shared_ptr<Options> shared = std::make_shared<Options>())
      : command(parent->add_subcommand(name, about)), options(std::move(shared)) {
    add_host(command, options->host);
    command->callback([options = options, what, &exit_code, command = command] {
      if (command->get_subcommands().empty()) // else that one has been run
        exit_code = guarded([&] { return what(*options); });
    });
  }
  void takes(const char* name, std::string& into, const char* about) {
    command->add_option(name, into, about)->required()->option_text(" ");
  }
  void takes_json() {
    command->add_flag("--json", options->raw, "Print the node's answer as it came");
  }
};

using backend_command = fleet_command<backend_options>;
using order_command = fleet_command<order_options>;

void add_backend_commands(CLI::App& app, int& exit_code) {
  backend_command list(&app, exit_code, "backends",
                       "List the Ollama servers behind the node", list_backends);
  list.takes_json();
  list.command->require_subcommand(0, 1);

  auto named = [&](CLI::App* parent, const char* name, const char* about,
                   int (*what)(const backend_options&)) {
    backend_command c(parent, exit_code, name, about, what, list.options);
    c.takes("name", c.options->name, "Name of the backend");
    return c;
  };
  auto add = named(list.command, "add",
                   "Add a server, or change the one of that name, until the node ends",
                   add_backend);
  auto& o = *add.options;
  add.takes("url", o.url, "Where it is, as OLLAMA_HOST says it");
  auto* of_add = add.command;
  of_add->add_option("--parallel", o.parallel,
                     "Answers at once for each loaded model; else the node finds out");
  of_add->add_option("--weight", o.weight,
                     "Its share of the answers, next to the others' (1)");
  of_add->add_option("--tier", o.tier, "The lower goes first (0)");
  of_add->add_option("--max-loaded", o.max_loaded, "Models in its memory at once");
  of_add->add_flag("--primary", o.primary, "Pulls, copies, deletes and creates go there");
  of_add->add_option("--probe-model", o.probe_model,
                     "Asked for a real token now and then");

  named(list.command, "rm", "Remove a server; what is in flight there goes on",
        remove_backend);
  named(&app, "drain", "Give a server nothing new", drain_backend);
  named(&app, "undrain", "Give a drained server requests again", undrain_backend);
}

void add_order_commands(CLI::App& app, int& exit_code) {
  auto add = [&](const char* name, const char* about, int (*what)(const order_options&)) {
    order_command c(&app, exit_code, name, about, what);
    c.takes("model", c.options->model, "Name of the model");
    c.command->add_option("--backend", c.options->backend, "Only there");
    return c;
  };
  auto load =
      add("load", "Load a model into memory and wait until it is there", load_model);
  add_repeated(load.command, "--options", load.options->options,
               "An option of the load, as in num_ctx=8192");
  load.command->add_option("--keepalive", load.options->keep_alive,
                           "How long the model stays loaded, as in 5m");
  add("unload", "Take a model out of memory, also a pinned one", unload_model);
  add("pin", "Keep a model in memory, and load it first", pin_model);
  add("unpin", "Let a pinned model go when it is not used", unpin_model);
}

} // namespace

void add_fleet_commands(CLI::App& app, int& exit_code) {
  add_backend_commands(app, exit_code);
  add_order_commands(app, exit_code);
  fleet_command<explain_options> why(&app, exit_code, "explain",
                                     "Show why a request went where it went", explain);
  why.takes("request", why.options->request, "Its X-Request-Id");
  why.takes_json();
  fleet_command<requests_options> ended(
      &app, exit_code, "requests", "List the last requests that ended", list_requests);
  ended.command->add_option("--limit", ended.options->limit, "At most so many (20)")
      ->check(CLI::Range(1, 1000));
  ended.command->add_option("--outcome", ended.options->outcome,
                            "Only those: done, cancelled, or a failure's code");
  ended.command->add_option("--model", ended.options->model, "Only those of this model");
  ended.takes_json();
  ended.command->add_flag("--follow", ended.options->follow,
                          "Then each as it ends, until Ctrl-C; with --json a line each");
  fleet_command<replay_options> again(
      &app, exit_code, "replay",
      "Ask a node for what another was asked: sizes and times, no text", replay);
  again.takes("file", again.options->file,
              "What `requests --json` printed, perhaps with --follow; -: standard input");
  again.command->add_option("--speed", again.options->how.speed, "Times as fast (1)")
      ->check(CLI::PositiveNumber);
  again.command->add_option("--most", again.options->how.most, "At once at most (512)")
      ->check(CLI::Range(1, 4096));
  again.takes_json();
  fleet_command<gpu_options> gpu(&app, exit_code, "gpu",
                                 "Show the GPUs of the node's machine", gpus);
  gpu.takes_json();
  gpu.command->add_flag("--watch", gpu.options->watch, "Again every second");
}

} // namespace conductor::cli
