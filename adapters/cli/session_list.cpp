#include "adapters/cli/session_list.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/percent.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/session_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <vector>

namespace conductor::cli {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t id_length = 36;
constexpr int largest_page = 200;

bool may_begin_id(std::string_view text) {
  return text.size() <= id_length && std::all_of(text.begin(), text.end(), [](char c) {
           return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string listed(const std::vector<json>& sessions) {
  constexpr std::size_t most = 10;
  std::string out;
  for (std::size_t i = 0; i < sessions.size() && i < most; ++i)
    out += "\n  " + text_of(sessions[i], "id") + "  " + shown_title(sessions[i]) + "  " +
           text_of(sessions[i], "model");
  if (sessions.size() > most)
    out += "\n  and " + std::to_string(sessions.size() - most) + " more";
  return out;
}

// The only one of `found`, empty if there is none.
std::optional<json> only(std::vector<json>& found, const std::string& what) {
  if (found.size() > 1)
    throw failure(std::to_string(found.size()) + " sessions have " + what +
                  "; say which one by its id:" + listed(found));
  if (found.empty())
    return std::nullopt;
  return std::move(found[0]);
}

// The session of exactly that id, without its messages.
std::optional<json> session_of_id(client& node, const std::string& id) {
  try {
    auto session = parse_ordered(node.fetch({"GET", session_target(id)}).body);
    session.erase("messages");
    return session;
  } catch (const refusal& no) {
    if (no.status == 404)
      return std::nullopt;
    throw;
  }
}

} // namespace

void each_session(client& node, const session_filter& filter, int page,
                  const std::function<bool(const json&)>& visit) {
  auto target = session_target({}) + "?limit=" + std::to_string(page);
  if (!filter.model.empty())
    target += "&model=" + percent_encoded(filter.model);
  if (!filter.text.empty())
    target += "&q=" + percent_encoded(filter.text);
  std::string next, before;
  do {
    before = next;
    auto from = next.empty() ? "" : "&before=" + percent_encoded(next);
    auto answer = parse_ordered(node.fetch({"GET", target + from}).body);
    for (const auto& session : list_of(answer, "sessions"))
      if (!visit(session))
        return;
    next = text_of(answer, "next");
  } while (!next.empty() && next != before);
}

std::string session_target(std::string_view id, std::string_view part) {
  std::string target = "/conductor/v1/sessions";
  if (!id.empty())
    target.append("/").append(percent_encoded(id));
  return part.empty() ? target : target.append("/").append(part);
}

std::optional<json> find_session(client& node, const std::string& name) {
  if (name.empty())
    throw failure("the name of a session is empty", exit_usage);
  bool hex = may_begin_id(name);
  if (hex && name.size() == id_length)
    if (auto session = session_of_id(node, name))
      return session;
  std::vector<json> titled, begun;
  // The node searches titles only: what may begin an id is compared here.
  each_session(node, {{}, hex ? "" : name}, largest_page, [&](const json& session) {
    if (text_of(session, "title") == name)
      titled.push_back(session);
    else if (hex && text_of(session, "id").starts_with(name))
      begun.push_back(session);
    return true;
  });
  if (auto session = only(titled, "the title \"" + name + "\""))
    return session;
  return only(begun, "an id that begins with " + name);
}

json need_session(client& node, const std::string& name) {
  if (auto session = find_session(node, name))
    return std::move(*session);
  throw failure(no_session(node, name));
}

std::string no_session(client& node, const std::string& name) {
  constexpr std::size_t most = 5;
  std::vector<json> similar, newest;
  each_session(node, {}, largest_page, [&](const json& session) {
    auto title = lower(text_of(session, "title")), wanted = lower(name);
    if (newest.size() < most)
      newest.push_back(session);
    if (title.find(wanted) != title.npos ||
        (!title.empty() && wanted.find(title) != wanted.npos))
      similar.push_back(session);
    return similar.size() < most;
  });
  auto text = "there is no session \"" + name + "\"";
  if (!similar.empty())
    return text + "; similar are:" + listed(similar);
  return newest.empty() ? text + ", nor any other"
                        : text + "; the ones last used are:" + listed(newest);
}

} // namespace conductor::cli
