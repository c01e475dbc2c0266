#include "adapters/cli/sessions.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/session_list.hpp"
#include "adapters/cli/session_text.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/visible_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace conductor::cli {

namespace {

using json = nlohmann::ordered_json;

constexpr auto lenient = json::error_handler_t::replace;

// What a session is called where one line tells of it.
std::string called(const json& session) {
  return text_of(session, "title").empty() ? text_of(session, "id")
                                           : shown_title(session);
}

} // namespace

int list_sessions(const session_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  auto most = static_cast<std::size_t>(options.limit);
  std::vector<json> found;
  each_session(node, {options.model, options.text}, std::min(options.limit, 200),
               [&](const json& session) {
                 found.push_back(session);
                 return found.size() < most;
               });
  if (options.raw)
    write_out(json{{"sessions", found}}.dump(-1, ' ', false, lenient) + "\n");
  else
    write_out(sessions_table(found, now()));
  return exit_ok;
}

int show_session(const session_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  auto id = text_of(need_session(node, options.session), "id");
  auto session = parse_ordered(node.fetch({"GET", session_target(id)}).body);
  write_out(options.raw ? session.dump(-1, ' ', false, lenient) + "\n"
                        : visible_on(surface_of(1), conversation_text(session, now())));
  return exit_ok;
}

int remove_sessions(const session_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  std::map<std::string, json> wanted; // by id: one may be named twice
  for (const auto& name : options.sessions) {
    auto session = need_session(node, name);
    wanted.emplace(text_of(session, "id"), session);
  }
  for (const auto& [id, session] : wanted) {
    node.fetch({"DELETE", session_target(id)});
    write_out("deleted '" + called(session) + "'\n");
  }
  return exit_ok;
}

int rename_session(const session_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  auto session = need_session(node, options.session);
  json change{{"title", options.title}};
  node.fetch({"PATCH", session_target(text_of(session, "id")),
              change.dump(-1, ' ', false, lenient)});
  write_out("renamed '" + called(session) + "' to '" + shown_title(change) + "'\n");
  return exit_ok;
}

int fork_session(const session_options& options) {
  catch_signals();
  auto node = node_client(options.host);
  auto id = text_of(need_session(node, options.session), "id");
  auto wish = json::object();
  if (options.message)
    wish["message"] = *options.message;
  if (options.new_title)
    wish["title"] = *options.new_title;
  auto made = node.fetch(
      {"POST", session_target(id, "fork"), wish.dump(-1, ' ', false, lenient)});
  write_out(text_of(parse_ordered(made.body), "id") + "\n");
  return exit_ok;
}

} // namespace conductor::cli
