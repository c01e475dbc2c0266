#include "adapters/cli/failure.hpp"
#include "adapters/cli/human.hpp"
#include "adapters/cli/new_file.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/session_list.hpp"
#include "adapters/cli/sessions.hpp"
#include "adapters/cli/terminal.hpp"

#include <nlohmann/json.hpp>

#include <system_error>

namespace conductor::cli {

namespace {

// What every SQLite file begins with.
constexpr std::string_view sqlite("SQLite format 3\0", 16);

// Puts what the node answers into a file. Ctrl-C takes the file away again.
void receive(client& node, const request& what, new_file& file,
             const std::function<void(std::string_view)>& look) {
  held_interrupt held;
  stream_reader reader;
  reader.on_tick = held_interrupt::check;
  reader.on_bytes = [&](std::string_view piece) {
    held_interrupt::check();
    look(piece);
    file.write(piece);
  };
  node.stream(what, reader);
}

} // namespace

int export_session(const session_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  auto id = text_of(need_session(node, options.session), "id");
  request what{"GET", session_target(id, "export") + "?as="};
  what.target += options.markdown ? "markdown" : "json";
  what.headers = {{"Accept", options.markdown ? "text/markdown" : "application/json"}};
  if (options.file.empty() || options.file == "-") {
    stream_reader reader;
    reader.on_bytes = write_out;
    node.stream(what, reader);
  } else {
    new_file file(options.file, true);
    receive(node, what, file, [](std::string_view) {});
    file.finish();
  }
  return exit_ok;
}

int import_session(const session_options& options) {
  catch_signals();
  auto content = read_named(options.file, exit_error);
  auto document = nlohmann::ordered_json::parse(content, nullptr, false);
  if (!document.is_object() || !text_of(document, "export").starts_with("conductor."))
    throw failure((options.file == "-" ? "standard input" : options.file) +
                  " is no exported session");
  auto node = node_client(options.host);
  auto made = node.fetch({"POST", session_target({}), content});
  write_out(text_of(parse_ordered(made.body), "id") + "\n");
  return exit_ok;
}

int back_up(const session_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  new_file file(options.file, options.force);
  std::string head;
  std::int64_t size = 0;
  request what{"GET", "/conductor/v1/backup", "", {{"Accept", "*/*"}}};
  receive(node, what, file, [&](std::string_view piece) {
    size += static_cast<std::int64_t>(piece.size());
    head.append(piece.substr(0, sqlite.size() - head.size()));
  });
  if (head != sqlite)
    throw failure("the node sent what is no SQLite file");
  file.finish();
  write_out("backed up to '" + options.file + "' (" + human_bytes(size) + ")\n");
  return exit_ok;
}

} // namespace conductor::cli
