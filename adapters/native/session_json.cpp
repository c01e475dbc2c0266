#include "adapters/native/session_json.hpp"

#include "adapters/native/json_input.hpp"
#include "adapters/native/request_json.hpp"
#include "adapters/native/time_text.hpp"

namespace conductor {
namespace {

using json = nlohmann::ordered_json;
using json_input::dump;

json parse(const std::string& text) {
  return json::parse(text, nullptr, false);
}

json usage_of(const usage& u) {
  return {{"prompt_tokens", u.prompt_tokens}, {"completion_tokens", u.answer_tokens}};
}

enum class images { counted, whole };

json message_of(const session_message& m, images shown) {
  json j{{"seq", m.seq},
         {"role", m.role},
         {"content", m.content},
         {"state", to_string(m.state)},
         {"created_at", time_text(m.created)}};
  if (!m.thinking.empty())
    j["thinking"] = m.thinking;
  if (!m.tool_calls.empty())
    j["tool_calls"] = parse(m.tool_calls);
  if (m.role != "assistant" && !m.wire.empty()) {
    const auto wire = parse(m.wire);
    for (const auto* key : {"tool_name", "tool_call_id"})
      if (wire.contains(key))
        j[key] = wire[key];
    if (wire.contains("images"))
      j["images"] = shown == images::whole ? wire["images"] : json(wire["images"].size());
  }
  if (!m.model.empty())
    j["model"] = m.model;
  if (!m.error.empty())
    j["error"] = m.error;
  if (m.used.answer_tokens > 0)
    j["usage"] = usage_of(m.used);
  return j;
}

json messages_of(const session_record& r, images shown) {
  auto all = json::array();
  for (const auto& m : r.messages)
    all.push_back(message_of(m, shown));
  return all;
}

json info_of(const session_info& i) {
  json j{{"id", i.id}, {"model", i.model}, {"title", i.title}};
  if (!i.system.empty())
    j["system"] = parse(i.system).value("content", "");
  j.update(parse(i.settings));
  j["metadata"] = parse(i.metadata);
  if (i.time_to_live > 0) {
    j["ttl_seconds"] = i.time_to_live / 1000;
    j["expires_at"] = time_text(i.updated + i.time_to_live);
  }
  if (!i.forked_from.empty())
    j["forked_from"] = {{"session", i.forked_from}, {"message", i.forked_at}};
  j["version"] = i.version;
  j["created_at"] = time_text(i.created);
  j["updated_at"] = time_text(i.updated);
  return j;
}

void add_terminal(json& j, const session_event& e) {
  if (!e.durable)
    j["stored"] = false;
  if (e.type == event_type::error) {
    j["code"] = e.code;
    j["detail"] = e.text;
    j["retryable"] = !e.code.starts_with("upstream_4");
  }
  if (e.type != event_type::done)
    return;
  if (!e.code.empty())
    j["reason"] = e.code;
  j["usage"] = usage_of(e.used);
  j["timings_ns"] = {{"load", e.used.load_ns},
                     {"prompt", e.used.prompt_ns},
                     {"answer", e.used.answer_ns},
                     {"total", e.used.total_ns}};
  if (e.timing)
    j["timing"] = to_json(*e.timing);
}

} // namespace

std::string to_json(const session_event& e) {
  if (e.type == event_type::snapshot && !e.text.empty())
    return e.text;
  json j{{"seq", e.seq}, {"type", to_string(e.type)}, {"time", time_text(e.time)}};
  if (e.message != 0)
    j["message"] = e.message;
  switch (e.type) {
  case event_type::snapshot:
    j["title"] = e.all->info.title;
    j["model"] = e.all->info.model;
    j["version"] = e.all->info.version;
    j["messages"] = messages_of(*e.all, images::counted);
    j["next"] = e.seq + 1;
    break;
  case event_type::message:
    j["role"] = e.code;
    j["content"] = e.text;
    break;
  case event_type::queued:
    j["position"] = e.position;
    j["eta_ms"] = e.wait_ns > 0 ? json(e.wait_ns / 1'000'000) : json(nullptr);
    break;
  case event_type::loading:
  case event_type::started:
    j["model"] = e.model;
    j["backend"] = e.backend;
    break;
  case event_type::delta:
  case event_type::thinking:
    j["text"] = e.text;
    break;
  case event_type::tool_calls:
    j["tool_calls"] = parse(e.text);
    break;
  case event_type::trimmed:
    j["through"] = e.through;
    j["tokens"] = e.tokens;
    break;
  case event_type::continued:
    j["backend"] = e.backend;
    break;
  case event_type::changed:
    j["title"] = e.code;
    j["model"] = e.model;
    j["version"] = e.version;
    break;
  case event_type::done:
  case event_type::cancelled:
  case event_type::error:
    add_terminal(j, e);
    break;
  }
  return dump(j);
}

std::string to_json(const session_record& record) {
  auto j = info_of(record.info);
  j["messages"] = messages_of(record, images::counted);
  return dump(j);
}

std::string to_json(const session_message& message) {
  return dump(message_of(message, images::whole));
}

std::string to_json(const session_page& page) {
  json j{{"sessions", json::array()}, {"next", nullptr}};
  for (const auto& i : page.sessions)
    j["sessions"].push_back(info_of(i));
  if (page.more) {
    const auto& last = page.sessions.back();
    j["next"] = std::to_string(last.updated) + "." + last.id;
  }
  return dump(j);
}

std::string export_json(const session_record& record) {
  json j{{"export", export_mark}};
  j.update(info_of(record.info));
  j["messages"] = messages_of(record, images::whole);
  return j.dump(2, ' ', false, json::error_handler_t::replace);
}

std::string export_markdown(const session_record& record) {
  const auto& i = record.info;
  std::string text = "# " + (i.title.empty() ? i.id : i.title) + "\n\n" + i.model + ", " +
                     time_text(i.created) + "\n";
  const auto add = [&](const std::string& who, const std::string& what) {
    text += "\n## " + who + "\n\n" + what + "\n";
  };
  if (!i.system.empty())
    add("system", parse(i.system).value("content", ""));
  for (const auto& m : record.messages) {
    auto who = m.role;
    if (m.state != message_state::done)
      who += std::string{" ("} + to_string(m.state) + ")";
    auto what = m.content;
    if (!m.tool_calls.empty())
      what += (what.empty() ? "" : "\n\n") + std::string{"```json\n"} +
              parse(m.tool_calls).dump(2) + "\n```";
    add(who, what.empty() ? m.error : what);
  }
  return text;
}

} // namespace conductor
