#include "adapters/cli/attachments.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/models.hpp"
#include "adapters/cli/prompt.hpp"
#include "adapters/cli/prompt/chat.hpp"
#include "adapters/cli/prompt/help_text.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/session_list.hpp"
#include "adapters/cli/session_text.hpp"
#include "adapters/cli/visible_text.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <sstream>

namespace conductor::cli {

namespace {

constexpr int listed_sessions = 20;

// A line that begins with the path of a picture is no command.
bool begins_with_file(const std::string& line, const std::string& first) {
  auto paths = mentioned_files(line);
  return std::any_of(paths.begin(), paths.end(),
                     [&](const auto& path) { return path.starts_with(first); });
}

std::string rest_of(const std::string& line) {
  auto space = line.find_first_of(" \t");
  auto begin = line.find_first_not_of(" \t", std::min(space, line.size()));
  if (begin == std::string::npos)
    return {};
  return line.substr(begin, line.find_last_not_of(" \t\n") + 1 - begin);
}

} // namespace

bool chat::command(const std::string& line) {
  std::istringstream split(line);
  words args;
  for (std::string word; split >> word;)
    args.push_back(word);
  const auto& name = args.at(0);
  if (name == "/bye" || name == "/exit")
    return false;
  if (takes_files_ && begins_with_file(line, name))
    ask(line);
  else
    dispatch(name, args, rest_of(line));
  return true;
}

void chat::dispatch(const std::string& name, const words& args, const std::string& rest) {
  if (name == "/?" || name == "/help") {
    note(help_text(args.size() > 1 ? args[1] : "", takes_files_));
  } else if (name == "/set") {
    set(args);
  } else if (name == "/show") {
    show(args);
  } else if (name == "/list") {
    auto tags = parse_document(node_.fetch({"GET", "/api/tags"}).body);
    note(visible_text(models_table(tags, rest, now())));
  } else if (name == "/load" || name == "/save") {
    if (args.size() != 2)
      note("Usage:\n  " + name + " <modelname>\n");
    else if (name == "/load")
      load(args[1]);
    else
      save(args[1]);
  } else if (name == "/model") {
    use_model(rest);
  } else if (name == "/clear") {
    if (!id_.empty()) {
      node_.fetch({"POST", session_target(id_, "rewind"), R"({"message":0})"});
      attach(std::string(id_), false);
    }
    note("Cleared session context\n");
  } else {
    session_command(name, rest);
  }
}

void chat::session_command(const std::string& name, const std::string& rest) {
  if (name == "/sessions") {
    std::vector<json> found;
    each_session(node_, {"", rest}, listed_sessions, [&](const json& session) {
      found.push_back(session);
      return found.size() < listed_sessions;
    });
    return note(visible_text(sessions_table(found, now())));
  }
  if (name == "/session") {
    if (rest.empty())
      return note("Usage:\n  /session <name>\n");
    return attach(text_of(need_session(node_, rest), "id"), true);
  }
  bool of_this = name == "/fork" || name == "/rewind" || name == "/regenerate" ||
                 name == "/export" || name == "/stats";
  if (!of_this)
    return note("Unknown command '" + visible_text(name) + "'. Type /? for help\n");
  if (id_.empty())
    return note("Nothing has been said yet.\n");
  if (name == "/fork")
    fork(rest);
  else if (name == "/rewind")
    rewind(rest);
  else if (name == "/regenerate")
    follow({"POST", session_target(id_, "regenerate"), "{}"});
  else if (name == "/export")
    export_to(rest);
  else
    statistics_text();
}

void chat::fork(const std::string& title) {
  auto wish = json::object();
  if (!title.empty())
    wish["title"] = title;
  auto made = node_.fetch({"POST", session_target(id_, "fork"), wish.dump()});
  attach(text_of(parse_ordered(made.body), "id"), false);
  note("Going on in a copy, " + called() + "\n");
}

void chat::rewind(const std::string& text) {
  int count = 1;
  auto end = text.data() + text.size();
  if (!text.empty() && (std::from_chars(text.data(), end, count).ptr != end || count < 1))
    return note("Usage:\n  /rewind [how many messages of yours]\n");
  auto session = session_now();
  std::vector<std::int64_t> kept_before{}; // for each of theirs, what comes before it
  std::int64_t before = 0;
  for (const auto& message : list_of(session, "messages")) {
    if (text_of(message, "role") == "user")
      kept_before.push_back(before);
    before = number_of(message, "seq");
  }
  if (kept_before.empty())
    return note("Nothing has been said yet.\n");
  count = std::min(count, static_cast<int>(kept_before.size()));
  auto keep = kept_before[kept_before.size() - static_cast<std::size_t>(count)];
  node_.fetch({"POST", session_target(id_, "rewind"), json{{"message", keep}}.dump()});
  attach(std::string(id_), false);
  note("Took back " + std::to_string(count) +
       (count == 1 ? " message and its answer\n" : " messages and their answers\n"));
}

nlohmann::json chat::shown_model(const std::string& model) {
  auto body = nlohmann::json{{"model", model}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
  auto shown = parse_document(node_.fetch({"POST", "/api/show", body}).body);
  if (model == model_) {
    std::vector<std::string> can;
    for (const auto& name : list_of(shown, "capabilities"))
      if (name.is_string())
        can.push_back(name.get<std::string>());
    takes_files_ = has(can, "vision") || has(can, "audio");
    thinks_ = has(can, "thinking");
  }
  return shown;
}

bool chat::knows_model(const std::string& model) {
  try {
    shown_model(model);
    return true;
  } catch (const refusal& no) {
    if (no.status != 404)
      throw;
    note("Couldn't find model '" + visible_text(model) + "'\n");
    return false;
  }
}

chat::json chat::session_now() {
  return parse_ordered(node_.fetch({"GET", session_target(id_)}).body);
}

} // namespace conductor::cli
