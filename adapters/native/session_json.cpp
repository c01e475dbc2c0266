#include "adapters/native/session_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <initializer_list>

namespace conductor {
namespace {

using json = nlohmann::ordered_json;

std::string dump(const json& j) {
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// RFC 3339 in UTC, with milliseconds.
std::string time_text(wall_time t) {
  const std::time_t seconds = t / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const auto n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + n, sizeof text - n, ".%03dZ", static_cast<int>(t % 1000));
  return text;
}

/// The body as an object that holds nothing but `allowed`.
json object_of(std::string_view body, std::initializer_list<std::string_view> allowed) {
  auto j = json::parse(body, nullptr, false);
  if (!j.is_object())
    throw bad_request("the body must be a JSON object");
  for (const auto& [key, value] : j.items())
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      std::string names;
      for (const auto a : allowed)
        names += (names.empty() ? "" : ", ") + std::string{a};
      throw bad_request("unknown key \"" + key + "\"; allowed are " + names);
    }
  return j;
}

std::string text_of(const json& j, const char* key, bool needed) {
  if (!j.contains(key)) {
    if (needed)
      throw bad_request(std::string{"\""} + key + "\" is missing");
    return {};
  }
  if (!j[key].is_string())
    throw bad_request(std::string{"\""} + key + "\" must be a string");
  auto text = j[key].get<std::string>();
  if (needed && text.empty())
    throw bad_request(std::string{"\""} + key + "\" must not be empty");
  return text;
}

std::string options_of(const json& j) {
  if (!j.contains("options"))
    return {};
  if (!j["options"].is_object())
    throw bad_request("\"options\" must be an object, as in Ollama's API");
  return dump(j["options"]);
}

json usage_of(const usage& u) {
  return {{"prompt_tokens", u.prompt_tokens}, {"completion_tokens", u.answer_tokens}};
}

json message_of(const session_message& m) {
  json j{{"seq", m.seq},
         {"role", m.role},
         {"content", m.content},
         {"state", to_string(m.state)},
         {"created_at", time_text(m.created)}};
  if (!m.thinking.empty())
    j["thinking"] = m.thinking;
  if (!m.error.empty())
    j["error"] = m.error;
  if (m.used.answer_tokens > 0)
    j["usage"] = usage_of(m.used);
  return j;
}

json info_of(const session_info& i) {
  json j{{"id", i.id},
         {"model", i.model},
         {"title", i.title},
         {"created_at", time_text(i.created)},
         {"updated_at", time_text(i.updated)}};
  if (!i.options.empty())
    j["options"] = json::parse(i.options, nullptr, false);
  if (!i.keep_alive.empty())
    j["keep_alive"] = json::parse(i.keep_alive, nullptr, false);
  if (!i.system.empty())
    j["system"] = json::parse(i.system, nullptr, false).value("content", "");
  return j;
}

json whole_of(const session_record& r) {
  auto j = info_of(r.info);
  j["messages"] = json::array();
  for (const auto& m : r.messages)
    j["messages"].push_back(message_of(m));
  return j;
}

} // namespace

session_info parse_session(std::string_view body) {
  const auto j = object_of(body, {"model", "title", "system", "options", "keep_alive"});
  session_info i;
  i.model = text_of(j, "model", true);
  i.title = text_of(j, "title", false);
  if (const auto system = text_of(j, "system", false); !system.empty())
    i.system = dump({{"role", "system"}, {"content", system}});
  i.options = options_of(j);
  if (j.contains("keep_alive")) {
    if (!j["keep_alive"].is_string() && !j["keep_alive"].is_number())
      throw bad_request("\"keep_alive\" must be a duration such as \"5m\", or seconds");
    i.keep_alive = dump(j["keep_alive"]);
  }
  return i;
}

say parse_message(std::string_view body) {
  const auto j = object_of(body, {"content", "images", "options", "when_busy"});
  say s;
  s.content = text_of(j, "content", true);
  json wire{{"role", "user"}, {"content", s.content}};
  if (j.contains("images")) {
    const auto& images = j["images"];
    const auto text = [](const json& i) { return i.is_string(); };
    if (!images.is_array() || !std::all_of(images.begin(), images.end(), text))
      throw bad_request("\"images\" must be an array of base64 texts");
    wire["images"] = images;
  }
  s.wire = dump(wire);
  s.options = options_of(j);
  const auto busy = text_of(j, "when_busy", false);
  if (!busy.empty() && busy != "queue" && busy != "refuse")
    throw bad_request("\"when_busy\" must be \"queue\" or \"refuse\"");
  s.refuse_when_busy = busy == "refuse";
  return s;
}

std::vector<answer_piece> read_chat_records(std::string_view records) {
  std::vector<answer_piece> pieces;
  while (!records.empty()) {
    const auto line = records.substr(0, records.find('\n'));
    records.remove_prefix(std::min(records.size(), line.size() + 1));
    const auto j = json::parse(line, nullptr, false);
    if (!j.is_object())
      continue;
    auto& p = pieces.emplace_back();
    const auto said = [](const json& from, const char* key) {
      const auto i = from.find(key);
      return i != from.end() && i->is_string() ? i->get<std::string>() : std::string{};
    };
    p.error = said(j, "error");
    p.reason = said(j, "done_reason");
    p.done = j.value("done", json(false)) == json(true);
    if (const auto m = j.find("message"); m != j.end() && m->is_object()) {
      p.text = said(*m, "content");
      p.thinking = said(*m, "thinking");
      if (const auto calls = m->find("tool_calls"); calls != m->end())
        p.tool_calls = dump(*calls);
    }
  }
  return pieces;
}

std::string chat_message(std::string_view text, std::string_view thinking,
                         std::string_view tool_calls) {
  json j{{"role", "assistant"}, {"content", text}};
  if (!thinking.empty())
    j["thinking"] = thinking;
  if (!tool_calls.empty())
    j["tool_calls"] = json::parse(tool_calls, nullptr, false);
  return dump(j);
}

std::string json_quoted(std::string_view text) {
  return dump(json(text));
}

std::string to_json(const session_event& e) {
  json j{{"seq", e.seq}, {"type", to_string(e.type)}, {"time", time_text(e.time)}};
  if (e.type != event_type::snapshot)
    j["message"] = e.message;
  switch (e.type) {
  case event_type::snapshot:
    j["messages"] = whole_of(*e.all)["messages"];
    j["next"] = e.seq + 1;
    break;
  case event_type::queued:
    j["position"] = e.position;
    break;
  case event_type::started:
    j["model"] = e.model;
    j["backend"] = e.backend;
    break;
  case event_type::delta:
  case event_type::thinking:
    j["text"] = e.text;
    break;
  case event_type::tool_calls:
    j["tool_calls"] = json::parse(e.text, nullptr, false);
    break;
  case event_type::done:
    j["reason"] = e.code;
    j["usage"] = usage_of(e.used);
    j["timings_ns"] = {{"load", e.used.load_ns},
                       {"prompt", e.used.prompt_ns},
                       {"answer", e.used.answer_ns},
                       {"total", e.used.total_ns}};
    break;
  case event_type::cancelled:
    break;
  case event_type::error:
    j["code"] = e.code;
    j["detail"] = e.text;
    j["retryable"] = !e.code.starts_with("upstream_4");
    break;
  }
  return dump(j);
}

std::string to_json(const session_record& record) {
  return dump(whole_of(record));
}

std::string to_json(const session_page& page, std::size_t limit) {
  json j{{"sessions", json::array()}, {"next", nullptr}};
  for (const auto& i : page.sessions)
    j["sessions"].push_back(info_of(i));
  if (page.sessions.size() == limit && limit > 0) {
    const auto& last = page.sessions.back();
    j["next"] = std::to_string(last.updated) + "." + last.id;
  }
  return dump(j);
}

} // namespace conductor
