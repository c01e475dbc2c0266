#include "tests/support/ollama/answer_request.hpp"

#include "tests/support/ollama/template.hpp"

namespace conductor::test {

using nlohmann::json;

namespace {

model_ptr model_of(exchange& x, bool quoted_twice = false) {
  const auto name = model_member(x.json);
  if (name.empty() && !quoted_twice)
    throw refusal(400, "model is required");
  auto found = x.at.models.find(name);
  if (!found)
    throw refusal(404, "model '" + name + "' not found");
  return found;
}

/// The runner options of a request, as one text.
std::string runner_options(const json& options) {
  std::string text;
  if (options.is_object())
    for (const auto* key : {"num_ctx", "num_batch", "num_gpu", "main_gpu", "use_mmap",
                            "num_thread", "draft_num_predict"})
      if (options.contains(key))
        text += std::string{key} + "=" + options[key].dump() + ",";
  return text;
}

std::optional<runners::seconds> keep_alive_of(const json& in) {
  if (!in.contains("keep_alive") || in["keep_alive"].is_null())
    return {};
  const auto& k = in["keep_alive"];
  if (k.is_number())
    return runners::seconds{k.get<double>()};
  const auto text = k.get<std::string>();
  std::size_t used = 0;
  const auto number = std::stod(text, &used);
  const auto unit = text.substr(used);
  return runners::seconds{number * (unit == "m"    ? 60
                                    : unit == "h"  ? 3600
                                    : unit == "ms" ? .001
                                                   : 1)};
}

void read_tools(answer_request& r, const json& in) {
  if (!in.contains("tools") || !in["tools"].is_array() || in["tools"].empty())
    return;
  const auto& first = in["tools"][0];
  r.first_tool = first.contains("function") ? first["function"].value("name", "")
                                            : first.value("name", "");
}

} // namespace

bool renders_only(const exchange& x) {
  return x.route == "/api/chat" && x.json.is_object() &&
         flag_member(x.json, "_debug_render_only", false);
}

std::string content_text(const json& content) {
  if (content.is_string())
    return content.get<std::string>();
  std::string text;
  if (content.is_array())
    for (const auto& part : content)
      if (part.is_object())
        text += part.value("text", "");
  return text;
}

void read_messages(answer_request& r, const json& in) {
  if (!in.contains("messages") || !in["messages"].is_array())
    return;
  const auto& all = in["messages"];
  for (const auto& m : all) {
    auto content = content_text(m.value("content", json{}));
    r.said += content.size();
    const bool last = &m == &all.back();
    auto& said = last && m.value("role", "") == "assistant" ? r.begun : r.prompt;
    said = std::move(content);
  }
  if (closes_messages(r.model->name))
    r.begun.clear();
}

answer_request read_request(exchange& x, bool streams_by_default) {
  answer_request r;
  r.model = model_of(x);
  r.name = model_member(x.json);
  r.stream = flag_member(x.json, "stream", streams_by_default);
  const auto options = x.json.value("options", json::object());
  r.options = runner_options(options);
  r.context_length = int_member(options, "num_ctx", r.context_length);
  r.limit = int_member(options, "num_predict", 0);
  r.keep_alive = keep_alive_of(x.json);
  read_tools(r, x.json);
  return r;
}

void read_think(exchange& x, answer_request& r) {
  const bool can = r.model->can("thinking");
  r.think = can;
  if (!x.json.contains("think") || x.json["think"].is_null())
    return;
  const auto& t = x.json["think"];
  const bool on = t.is_boolean() ? t.get<bool>() : true;
  if (on && !can)
    throw refusal(400, "\"" + r.name + "\" does not support thinking");
  r.think = on;
}

} // namespace conductor::test
