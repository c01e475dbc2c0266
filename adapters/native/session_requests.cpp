#include "adapters/native/session_requests.hpp"

#include "adapters/native/chat.hpp"
#include "adapters/native/session_json.hpp"
#include "adapters/native/session_path.hpp"
#include "adapters/native/time_text.hpp"

#include <boost/crc.hpp>

#include <algorithm>
#include <charconv>

namespace conductor {
namespace {

using namespace json_input;

constexpr std::size_t most_listed = 200;
constexpr std::size_t most_filters = 16;
constexpr std::size_t longest_title = 1024; // bytes
constexpr std::uint64_t longest_life_s = 10ull * 365 * 24 * 3600;

/// Members of a request to Ollama that a session or a turn may set, checked.
struct setting {
  const char* key;
  bool (*fits)(const json&);
  const char* allowed;
};
constexpr setting settings[] = {
    {"options", [](const json& j) { return j.is_object(); },
     "an object, as in Ollama's API"},
    {"keep_alive", [](const json& j) { return j.is_string() || j.is_number(); },
     "a duration such as \"5m\", or seconds"},
    {"format", [](const json& j) { return j.is_object() || j == "json"; },
     "\"json\" or a JSON schema"},
    {"tools", [](const json& j) { return j.is_array(); }, "an array of tools"},
    {"think",
     [](const json& j) {
       return j.is_boolean() || j == "low" || j == "medium" || j == "high";
     },
     "true, false, \"low\", \"medium\" or \"high\""},
};

/// The settings in `from`; a null stays, and removes what was set, where `patch`.
std::string settings_of(const json& from, bool patch) {
  auto found = json::object();
  for (const auto& s : settings) {
    const auto i = from.find(s.key);
    if (i == from.end() || (i->is_null() && !patch))
      continue;
    if (!i->is_null() && !s.fits(*i))
      throw bad_request(std::string{"\""} + s.key + "\" must be " + s.allowed);
    found[s.key] = *i;
  }
  return dump(found);
}

/// A null stays, and removes all, where `patch`.
std::string metadata_of(const json& from, bool patch) {
  const auto i = from.find("metadata");
  if (i == from.end() || (i->is_null() && !patch))
    return "{}";
  if (i->is_null())
    return "null";
  if (!i->is_object())
    throw bad_request("\"metadata\" must be an object");
  return metadata_text(*i);
}

/// Lists have the titles and metadata of many.
std::string title_of(const json& from) {
  auto title = text(from, "title");
  if (title.size() > longest_title)
    throw bad_request("\"title\" must be 1024 bytes at most");
  return title;
}

wall_time life_of(const json& from) {
  const auto i = from.find("ttl_seconds");
  if (i == from.end() || i->is_null())
    return 0;
  if (!i->is_number_unsigned() || *i < 1 || *i > longest_life_s)
    throw bad_request("\"ttl_seconds\" must be from 1 to " +
                      std::to_string(longest_life_s) + ", or null");
  return i->get<wall_time>() * 1000;
}

std::string system_of(const std::string& text) {
  return text.empty() ? "" : dump({{"role", "system"}, {"content", text}});
}

json images_of(const json& from) {
  const auto i = from.find("images");
  if (i == from.end() || i->is_null())
    return nullptr;
  if (!i->is_array() ||
      !std::all_of(i->begin(), i->end(), [](const json& one) { return one.is_string(); }))
    throw bad_request("\"images\" must be an array of base64 texts");
  return *i;
}

/// A message that asks: of a user or of a tool.
session_message asking_message(const json& from, const std::string& role) {
  session_message m;
  m.role = role;
  if (role != "user" && role != "tool")
    throw bad_request("\"role\" must be \"user\" or \"tool\"");
  m.content = role == "user" ? needed_text(from, "content") : text(from, "content");
  json wire{{"role", m.role}, {"content", m.content}};
  if (auto images = images_of(from); !images.is_null())
    wire["images"] = std::move(images);
  for (const auto* key : {"tool_name", "tool_call_id"})
    if (auto value = text(from, key); !value.empty())
      wire[key] = value;
  m.wire = dump(wire);
  return m;
}

std::string role_of(const json& from) {
  const auto role = text(from, "role");
  return role.empty() ? "user" : role;
}

bool refuses_when_busy(const json& from) {
  const auto busy = text(from, "when_busy");
  if (!busy.empty() && busy != "queue" && busy != "refuse")
    throw bad_request("\"when_busy\" must be \"queue\" or \"refuse\"");
  return busy == "refuse";
}

/// A message of an imported conversation, as far as its role lets it go to Ollama.
session_message imported_message(const json& from) {
  if (!from.is_object())
    throw bad_request("each of \"messages\" must be an object");
  allow(from, {"role", "content", "images", "thinking", "tool_calls", "tool_name",
               "tool_call_id", "state", "model", "error", "usage", "created_at", "seq"});
  const auto role = needed_text(from, "role");
  session_message m;
  if (role == "assistant") {
    m.role = role;
    m.content = text(from, "content");
    m.thinking = text(from, "thinking");
    m.model = text(from, "model");
    m.error = text(from, "error");
    if (const auto calls = from.find("tool_calls"); calls != from.end()) {
      if (!calls->is_array())
        throw bad_request("\"tool_calls\" must be an array");
      m.tool_calls = dump(*calls);
    }
  } else {
    m = asking_message(from, role);
  }
  if (const auto name = text(from, "state"); !name.empty()) {
    const auto state = message_state_of(name);
    if (!state)
      throw bad_request("\"state\" must be done, cancelled, failed or interrupted");
    m.state = settled(*state) ? *state : message_state::interrupted;
  }
  const bool said = m.state == message_state::done || m.state == message_state::cancelled;
  if (role == "assistant" && said && !(m.content.empty() && m.tool_calls.empty()))
    m.wire = chat::assistant_message(m.content, m.thinking, m.tool_calls);
  if (const auto u = from.find("usage"); u != from.end() && u->is_object()) {
    m.used.prompt_tokens = number(*u, "prompt_tokens", 0);
    m.used.answer_tokens = number(*u, "completion_tokens", 0);
  }
  m.created = time_of(text(from, "created_at"));
  return m;
}

/// The messages of an import; a system message at the head becomes the session's.
void import_messages(const json& from, session_record& into) {
  const auto all = from.find("messages");
  if (all == from.end() || all->is_null())
    return;
  if (!all->is_array())
    throw bad_request("\"messages\" must be an array");
  for (const auto& one : *all) {
    if (one.is_object() && one.value("role", json()) == "system") {
      if (!into.info.system.empty() || !into.messages.empty())
        throw bad_request("only the first message may be a system message, and only "
                          "where \"system\" is not set");
      into.info.system = system_of(needed_text(one, "content"));
      continue;
    }
    auto& m = into.messages.emplace_back(imported_message(one));
    m.seq = into.messages.size();
  }
}

} // namespace

std::string metadata_text(const json& object) {
  auto text = dump(object);
  if (text.size() > longest_metadata)
    throw bad_request("\"metadata\" must be 64 KiB at most");
  return text;
}

session_record parse_session(std::string_view body) {
  auto j = object_of(body);
  if (j.contains("export")) {
    if (j["export"] != export_mark)
      throw bad_request(std::string{"\"export\" must be \""} + export_mark + "\"");
    for (const auto* key : {"export", "id", "version", "created_at", "updated_at",
                            "expires_at", "forked_from"})
      j.erase(key);
  }
  allow(j, {"model", "title", "system", "options", "keep_alive", "format", "tools",
            "think", "metadata", "ttl_seconds", "messages"});
  session_record r;
  r.info.model = needed_text(j, "model");
  r.info.title = title_of(j);
  r.info.system = system_of(text(j, "system"));
  r.info.settings = settings_of(j, false);
  r.info.metadata = metadata_of(j, false);
  r.info.time_to_live = life_of(j);
  r.info.key_digest = digest_of(body);
  import_messages(j, r);
  return r;
}

std::uint64_t digest_of(std::string_view body) {
  boost::crc_32_type digest;
  digest.process_bytes(body.data(), body.size());
  return digest.checksum();
}

change_session parse_change(std::string_view body) {
  const auto j = object_of(body);
  allow(j, {"model", "title", "system", "options", "keep_alive", "format", "tools",
            "think", "metadata", "ttl_seconds"});
  change_session c;
  if (j.contains("model"))
    c.model = needed_text(j, "model");
  if (j.contains("title"))
    c.title = title_of(j);
  if (j.contains("system"))
    c.system = system_of(text(j, "system"));
  c.settings = settings_of(j, true);
  c.metadata = metadata_of(j, true);
  if (j.contains("ttl_seconds"))
    c.time_to_live = life_of(j);
  return c;
}

say parse_message(std::string_view body) {
  return say_of(object_of(body));
}

say say_of(const json& j) {
  allow(j, {"content", "images", "role", "tool_name", "tool_call_id", "messages",
            "options", "keep_alive", "format", "tools", "think", "when_busy"});
  say s;
  if (j.contains("messages")) {
    for (const auto* key : {"content", "images", "role", "tool_name", "tool_call_id"})
      if (j.contains(key))
        throw bad_request(std::string{"\""} + key +
                          "\" and \"messages\" exclude each other");
    if (!j["messages"].is_array() || j["messages"].empty())
      throw bad_request("\"messages\" must be an array of one or more");
    for (const auto& one : j["messages"]) {
      if (!one.is_object())
        throw bad_request("each of \"messages\" must be an object");
      allow(one, {"role", "content", "images", "tool_name", "tool_call_id"});
      s.messages.push_back(asking_message(one, role_of(one)));
    }
  } else {
    s.messages.push_back(asking_message(j, role_of(j)));
  }
  s.settings = settings_of(j, true);
  s.refuse_when_busy = refuses_when_busy(j);
  return s;
}

say parse_regenerate(std::string_view body) {
  const auto j = object_of(body);
  allow(j, {"options", "keep_alive", "format", "tools", "think"});
  say s;
  s.settings = settings_of(j, true);
  return s;
}

rewind_session parse_rewind(std::string_view body) {
  const auto j = object_of(body);
  allow(j, {"message"});
  if (!j.contains("message"))
    throw bad_request("\"message\", the last one to keep, is missing");
  return {number(j, "message", 0), {}};
}

fork_session parse_fork(std::string_view body) {
  const auto j = object_of(body);
  allow(j, {"message", "title"});
  fork_session f;
  if (j.contains("message"))
    f.message = number(j, "message", 0);
  if (j.contains("title"))
    f.title = title_of(j);
  return f;
}

stop_turn parse_cancel(std::string_view body) {
  return stop_of(object_of(body));
}

stop_turn stop_of(const json& j) {
  allow(j, {"message"});
  return {number(j, "message", 0)};
}

store_list parse_list(std::string_view target) {
  store_list wish;
  const auto read = [](std::string_view text, auto& into) {
    const auto end = text.data() + text.size();
    const auto [at, ec] = std::from_chars(text.data(), end, into);
    return ec == std::errc{} && at == end;
  };
  for (const auto& [key, value] : query_of(target)) {
    if (key == "limit") {
      if (!read(value, wish.limit) || wish.limit == 0 || wish.limit > most_listed)
        throw bad_request("\"limit\" must be from 1 to " + std::to_string(most_listed));
    } else if (key == "before") {
      const auto dot = value.find('.');
      if (dot == std::string::npos ||
          !read(std::string_view{value}.substr(0, dot), wish.before))
        throw bad_request("\"before\" must be the \"next\" of another page");
      wish.before_id = value.substr(dot + 1);
    } else if (key == "model") {
      wish.model = value;
    } else if (key == "q") {
      wish.title_part = value;
    } else if (key.starts_with("metadata.")) {
      if (wish.metadata.size() == most_filters)
        throw bad_request("\"metadata.KEY\" may be there " +
                          std::to_string(most_filters) + " times");
      wish.metadata.emplace_back(key.substr(9), value);
    } else {
      throw bad_request("unknown parameter \"" + key +
                        "\"; allowed are limit, before, model, q, metadata.KEY");
    }
  }
  return wish;
}

} // namespace conductor
