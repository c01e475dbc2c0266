#include "adapters/responses/response_request.hpp"

#include "adapters/native/json_input.hpp"
#include "adapters/native/session_requests.hpp"
#include "adapters/responses/input_items.hpp"

#include <algorithm>

namespace conductor {
namespace {

using namespace json_input;

constexpr std::size_t longest_title = 60; ///< bytes

bool is_text(const json& j) {
  return j.is_string();
}
bool is_flag(const json& j) {
  return j.is_boolean();
}
bool is_number(const json& j) {
  return j.is_number();
}
bool is_object(const json& j) {
  return j.is_object();
}
bool is_array(const json& j) {
  return j.is_array();
}
bool never(const json&) {
  return false;
}

/// Members that may be there, and what of them this node can do.
struct member {
  const char* key;
  bool (*fits)(const json&);
  const char* allowed;
};
constexpr const char* unsupported = "left out: it is not supported for stored responses";
constexpr member members[] = {
    {"model", is_text, "a string"},
    {"input", [](const json& j) { return j.is_string() || j.is_array(); },
     "a string or an array of items"},
    {"instructions", is_text, "a string"},
    {"previous_response_id", is_text, "a string"},
    {"store", [](const json& j) { return j == true; },
     "true, or left out, with \"previous_response_id\": what continues a stored response "
     "is stored"},
    {"stream", is_flag, "true or false"},
    {"metadata",
     [](const json& j) {
       return j.is_object() && std::all_of(j.begin(), j.end(), is_text);
     },
     "an object of strings"},
    {"temperature", is_number, "a number"},
    {"top_p", is_number, "a number"},
    {"max_output_tokens", [](const json& j) { return j.is_number_unsigned() && j >= 1; },
     "a whole number, 1 or more"},
    {"tools", is_array, "an array of functions"},
    {"tool_choice", [](const json& j) { return j == "auto" || j == "none"; },
     "\"auto\" or \"none\": no other is supported"},
    {"text", is_object, "an object"},
    {"reasoning", is_object, "an object"},
    {"truncation", [](const json& j) { return j == "auto"; },
     "\"auto\": where the model has no room, the oldest turns are left out"},
    {"parallel_tool_calls", [](const json& j) { return j == true; },
     "true: nothing else is supported"},
    {"include",
     [](const json& j) {
       return j.is_array() && std::all_of(j.begin(), j.end(), [](const json& one) {
                return one == "reasoning.encrypted_content";
              });
     },
     "an array with nothing but \"reasoning.encrypted_content\""},
    {"background", [](const json& j) { return j == false; },
     "false: no background response is supported"},
    {"service_tier", [](const json& j) { return j == "auto" || j == "default"; },
     "\"auto\" or \"default\""},
    {"top_logprobs", [](const json& j) { return j == 0; }, "0: none are supported"},
    {"conversation", never, unsupported},
    {"prompt", never, unsupported},
    {"max_tool_calls", never, unsupported},
    {"stream_options", is_object, "an object"},
    {"user", is_text, "a string"},
    {"safety_identifier", is_text, "a string"},
    {"prompt_cache_key", is_text, "a string"},
    {"prompt_cache_retention", is_text, "a string"},
};

/// Nulls count as not there.
json members_of(std::string_view body) {
  auto j = json::object();
  const auto all = object_of(body);
  for (const auto& [key, value] : all.items()) {
    if (value.is_null())
      continue;
    const auto m = std::find_if(std::begin(members), std::end(members),
                                [&key = key](const auto& m) { return key == m.key; });
    if (m == std::end(members))
      throw bad_request("\"" + key + "\" is not supported for stored responses");
    if (!m->fits(value))
      throw bad_request("\"" + key + "\" must be " + m->allowed);
    j[key] = value;
  }
  return j;
}

/// First words of what the user says.
std::string title_of(const std::vector<session_message>& messages) {
  const auto m = std::find_if(messages.begin(), messages.end(), [](const auto& m) {
    return m.role == "user" && !m.content.empty();
  });
  if (m == messages.end())
    return {};
  auto title = m->content.substr(0, m->content.find_first_of("\r\n"));
  if (title.size() <= longest_title)
    return title;
  auto end = title.rfind(' ', longest_title);
  if (end == std::string::npos || end == 0)
    for (end = longest_title; (static_cast<unsigned char>(title[end]) & 0xC0) == 0x80;)
      --end;
  return title.substr(0, end);
}

json tools_of(const json& from) {
  auto tools = json::array();
  for (const auto& one : from) {
    const auto type = one.is_object() ? text(one, "type") : std::string{};
    if (type != "function")
      throw bad_request("a tool of type \"" + type +
                        "\" is not supported; \"function\" is");
    allow(one, {"type", "name", "description", "parameters", "strict"});
    json function{{"name", needed_text(one, "name")}};
    if (auto description = text(one, "description"); !description.empty())
      function["description"] = std::move(description);
    if (one.contains("parameters") && one["parameters"].is_object())
      function["parameters"] = one["parameters"];
    tools.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  return tools;
}

/// Null: plain text.
json format_of(const json& from) {
  allow(from, {"format", "verbosity"});
  const auto verbosity = text(from, "verbosity");
  if (!verbosity.empty() && verbosity != "medium")
    throw bad_request("\"text.verbosity\" must be \"medium\": no other is supported");
  const auto f = from.find("format");
  if (f == from.end() || f->is_null())
    return nullptr;
  const auto type = f->is_object() ? text(*f, "type") : std::string{};
  if (type == "text")
    return nullptr;
  if (type == "json_object")
    return "json";
  if (type != "json_schema")
    throw bad_request("\"text.format\" must be of type text, json_object or json_schema");
  if (!f->contains("schema") || !(*f)["schema"].is_object())
    throw bad_request("\"text.format.schema\" must be a JSON schema");
  return (*f)["schema"];
}

/// Null: as the model does.
json think_of(const json& from) {
  allow(from, {"effort", "summary", "generate_summary"});
  const auto effort = text(from, "effort");
  if (effort.empty())
    return nullptr;
  if (effort == "none")
    return false;
  for (const auto* known : {"low", "medium", "high", "max"})
    if (effort == known)
      return effort;
  throw bad_request("\"reasoning.effort\" must be none, low, medium, high or max");
}

/// As Ollama translates a request that it answers itself.
std::string settings_of(const json& j) {
  json options{{"temperature", j.value("temperature", json(1.0))}};
  if (j.contains("top_p"))
    options["top_p"] = j["top_p"];
  if (j.contains("max_output_tokens"))
    options["num_predict"] = j["max_output_tokens"];
  json settings{{"options", std::move(options)}};
  if (j.contains("tools")) {
    auto tools = tools_of(j["tools"]);
    if (!tools.empty() && j.value("tool_choice", json()) != "none")
      settings["tools"] = std::move(tools);
  }
  if (j.contains("text"))
    if (auto format = format_of(j["text"]); !format.is_null())
      settings["format"] = std::move(format);
  if (j.contains("reasoning"))
    if (auto think = think_of(j["reasoning"]); !think.is_null())
      settings["think"] = std::move(think);
  return dump(settings);
}

} // namespace

response_request parse_response(std::string_view body) {
  const auto j = members_of(body);
  response_request r;
  r.model = text(j, "model");
  r.streams = j.value("stream", false);
  if (const auto previous = text(j, "previous_response_id"); !previous.empty()) {
    r.previous = response_id_of(previous);
    if (!r.previous)
      throw bad_request("\"previous_response_id\" must be the id of a response that was "
                        "stored here: resp_SESSION_MESSAGE");
  } else if (r.model.empty()) {
    throw bad_request("\"model\" is missing");
  }
  if (const auto said = text(j, "instructions"); !said.empty())
    r.system = dump({{"role", "system"}, {"content", said}});
  if (!j.contains("input"))
    throw bad_request("\"input\" is missing");
  r.messages = read_input(j["input"]);
  r.settings = settings_of(j);
  if (j.contains("metadata"))
    r.metadata = metadata_text(j["metadata"]);
  r.title = title_of(r.messages);
  r.key_digest = digest_of(body);
  return r;
}

} // namespace conductor
