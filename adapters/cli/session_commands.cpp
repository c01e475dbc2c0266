#include "adapters/cli/command_parts.hpp"
#include "adapters/cli/sessions.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace conductor::cli {

namespace {

// A command on sessions. Its options live as long as its callback.
struct session_command {
  CLI::App* command;
  std::shared_ptr<session_options> options = std::make_shared<session_options>();

  session_command(CLI::App* sessions, int& exit_code, const char* name, const char* about,
                  int (*what)(const session_options&))
      : command(sessions->add_subcommand(name, about)) {
    add_host(command, options->host);
    command->callback([options = options, what, &exit_code] {
      exit_code = guarded([&] { return what(*options); });
    });
  }
  void takes_session() {
    command->add_option("session", options->session, "Id, beginning of the id, or title")
        ->required()
        ->option_text(" ");
  }
  void takes_file(const char* about) {
    command->add_option("file", options->file, about)->required();
  }
  void takes_json(const char* about) { command->add_flag("--json", options->raw, about); }
};

} // namespace

void add_session_commands(CLI::App& app, int& exit_code) {
  auto* sessions =
      app.add_subcommand("sessions", "Look after the conversations that the node keeps");
  auto add = [&](const char* name, const char* about,
                 int (*what)(const session_options&)) {
    return session_command(sessions, exit_code, name, about, what);
  };

  auto ls = add("ls", "List conversations, the one last used first", list_sessions);
  ls.command->alias("list");
  ls.command->add_option("--model", ls.options->model, "Only those of this model");
  ls.command->add_option("-q,--query", ls.options->text,
                         "Only those whose title contains this");
  ls.command->add_option("--limit", ls.options->limit, "At most so many (50)")
      ->check(CLI::Range(1, 1'000'000));
  ls.takes_json("Print a JSON document");

  auto show = add("show", "Print a conversation", show_session);
  show.takes_session();
  show.takes_json("Print a JSON document");

  auto rm = add("rm", "Delete conversations", remove_sessions);
  add_words(rm.command, "session", rm.options->sessions,
            "Ids, beginnings of ids, or titles")
      ->required()
      ->option_text("...");

  auto rename = add("rename", "Give a conversation another title", rename_session);
  rename.takes_session();
  rename.command->add_option("title", rename.options->title, "The new title")->required();

  auto fork = add("fork", "Copy a conversation and print the copy's id", fork_session);
  fork.takes_session();
  fork.command
      ->add_option("--message", fork.options->message, "The last message that is copied")
      ->check(CLI::NonNegativeNumber);
  fork.command->add_option("--title", fork.options->new_title, "Title of the copy");

  auto exports = add("export", "Print a conversation as a document", export_session);
  exports.takes_session();
  exports.command->add_flag("--markdown", exports.options->markdown,
                            "For people to read; cannot be imported");
  exports.command->add_option("-o,--output", exports.options->file,
                              "File to write instead of standard output");

  add("import", "Make a conversation of an exported one and print its id", import_session)
      .takes_file("What export wrote; - is standard input");

  auto backup = add("backup", "Copy all conversations into an SQLite file", back_up);
  backup.takes_file("File to write");
  backup.command->add_flag("--force", backup.options->force, "Replace an existing file");

  sessions->require_subcommand(1);
}

} // namespace conductor::cli
