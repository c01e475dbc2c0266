#include "adapters/cli/command_parts.hpp"
#include "adapters/cli/keys.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace conductor::cli {

namespace {

// A command on keys. Its options live as long as its callback.
struct key_command {
  CLI::App* command;
  std::shared_ptr<key_options> options = std::make_shared<key_options>();

  key_command(CLI::App* keys, int& exit_code, const char* name, const char* about,
              int (*what)(const key_options&))
      : command(keys->add_subcommand(name, about)) {
    add_host(command, options->host);
    command->callback([options = options, what, &exit_code] {
      exit_code = guarded([&] { return what(*options); });
    });
  }
  void takes_name(const char* about) {
    command->add_option("name", options->name, about)->required()->option_text(" ");
  }
  void takes_json() {
    command->add_flag("--json", options->raw, "Print the node's answer as it came");
  }
};

void add_wishes(CLI::App* command, key_options& o) {
  add_repeated(command, "--scope", o.scopes,
               "inference, sessions, models or admin (inference and sessions)");
  add_repeated(command, "--model", o.models,
               "Only this model; * at the end is any text (all)");
  command->add_option("--class", o.highest,
                      "Highest class: interactive, normal or batch (interactive)");
  command->add_option("--default-class", o.usual, "Class of requests that name none");
  command->add_option("--rpm", o.requests_per_minute, "Answers in a minute");
  command->add_option("--rpd", o.requests_per_day, "Answers in a day");
  command->add_option("--tpm", o.tokens_per_minute, "Tokens in a minute");
  command->add_option("--tpd", o.tokens_per_day, "Tokens in a day");
  command->add_option("--gpm", o.gpu_seconds_per_minute, "Seconds of a GPU in a minute");
  command->add_option("--gpd", o.gpu_seconds_per_day, "Seconds of a GPU in a day");
  command->add_option("--parallel", o.parallel, "Answers at once");
  command->add_option("--expires", o.expires, "Counts so long: 30d, 12h; never");
  command->add_option("--public-key", o.public_key,
                      "OpenSSH's Ed25519 .pub file, for OLLAMA_AUTH=1 ollama");
  command->add_option("--uid", o.uid, "User at a Unix socket whom it stands for");
  command->add_flag("--trusted", o.trusted,
                    "Its headers that name users and conversations count");
}

} // namespace

void add_key_commands(CLI::App& app, int& exit_code) {
  auto* keys = app.add_subcommand("keys", "Say who may do what");
  auto add = [&](const char* name, const char* about, int (*what)(const key_options&)) {
    return key_command(keys, exit_code, name, about, what);
  };
  auto create = add("create", "Make a key and print it, this once", create_key);
  create.takes_name("What it is called");
  add_wishes(create.command, *create.options);
  create.takes_json();

  auto set = add("set", "Change what a key may, also while it is used", set_key);
  set.takes_name("Name or id");
  add_wishes(set.command, *set.options);
  add_repeated(set.command, "--reset", set.options->resets,
               "An option, without its dashes, back to what a new key has");
  set.takes_json();

  auto ls = add("ls", "List keys", list_keys);
  ls.command->alias("list");
  ls.command->add_flag("--all", ls.options->all, "Also those that were revoked");
  ls.takes_json();

  auto show = add("show", "Show a key and what it used", show_key);
  show.takes_name("Name or id");
  show.takes_json();

  auto rotate =
      add("rotate", "Give a key a new secret and print it, this once", rotate_key);
  rotate.takes_name("Name or id");
  rotate.takes_json();

  add("revoke", "Let a key count no longer, for good", revoke_key)
      .takes_name("Name or id");
  keys->require_subcommand(1);
}

} // namespace conductor::cli
