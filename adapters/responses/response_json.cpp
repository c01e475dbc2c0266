#include "adapters/responses/response_json.hpp"

#include "adapters/responses/function_calls.hpp"
#include "adapters/responses/response_id.hpp"

namespace conductor::responses {
namespace {

/// Left where the client did not say: as Ollama itself answers.
constexpr double usual_temperature = 1.0;
constexpr double usual_top_p = 1.0;

json parse(const std::string& text) {
  return json::parse(text, nullptr, false);
}

/// Ended because it had no more tokens to say.
bool cut_short(const session_message& answer, const json& options) {
  const auto most = options.value("num_predict", json());
  return answer.state == message_state::done && most.is_number_unsigned() &&
         answer.used.answer_tokens >= most.get<std::uint64_t>();
}

const char* status_of(const session_message& answer, bool cut) {
  switch (answer.state) {
  case message_state::queued:
    return "queued";
  case message_state::streaming:
    return "in_progress";
  case message_state::done:
    return cut ? "incomplete" : "completed";
  case message_state::cancelled:
    return "cancelled";
  case message_state::failed:
  case message_state::interrupted:
    break;
  }
  return "failed";
}

/// What its turn asked for besides, maybe as a change: a null is none.
json settings_of(const session_message& answer) {
  auto settings = json::object();
  const auto all = parse(answer.settings.empty() ? "{}" : answer.settings);
  for (const auto& [key, value] : all.items())
    if (!value.is_null())
      settings[key] = value;
  return settings;
}

/// A session takes any as tools; those that are functions are told.
json tools_of(const json& settings) {
  auto tools = json::array();
  for (const auto& one : settings.value("tools", json::array())) {
    const auto f = one.is_object() ? one.value("function", json()) : json();
    if (!f.is_object())
      continue;
    tools.push_back({{"type", "function"},
                     {"name", f.value("name", json())},
                     {"description", f.value("description", json())},
                     {"parameters", f.value("parameters", json())},
                     {"strict", nullptr}});
  }
  return tools;
}

json format_of(const json& settings) {
  const auto f = settings.find("format");
  if (f == settings.end())
    return {{"type", "text"}};
  if (!f->is_object())
    return {{"type", "json_object"}};
  return {{"type", "json_schema"}, {"name", "response"}, {"schema", *f}};
}

json reasoning_of(const json& settings) {
  const auto think = settings.find("think");
  if (think == settings.end())
    return nullptr;
  return {{"effort", think->is_string() ? *think
                     : *think == true   ? json("medium")
                                        : json("none")},
          {"summary", nullptr}};
}

json usage_of(const session_message& answer) {
  if (!settled(answer.state))
    return nullptr;
  const auto& u = answer.used;
  return {{"input_tokens", u.prompt_tokens},
          {"input_tokens_details", {{"cached_tokens", 0}}},
          {"output_tokens", u.answer_tokens},
          {"output_tokens_details", {{"reasoning_tokens", 0}}},
          {"total_tokens", u.prompt_tokens + u.answer_tokens}};
}

json error_of(const session_message& answer) {
  if (answer.state != message_state::failed && answer.state != message_state::interrupted)
    return nullptr;
  return {{"code", "server_error"},
          {"message", answer.error.empty() ? to_string(answer.state) : answer.error}};
}

json asked_item(const std::string& session, const session_message& m) {
  const auto wire = parse(m.wire);
  if (m.role == "tool")
    return {{"id", item_id("fco", session, m.seq, 0)},
            {"type", "function_call_output"},
            {"call_id", wire.value("tool_call_id", "")},
            {"output", m.content},
            {"status", "completed"}};
  auto content = json::array();
  if (!m.content.empty())
    content.push_back({{"type", "input_text"}, {"text", m.content}});
  for (const auto& image : wire.value("images", json::array()))
    content.push_back({{"type", "input_image"},
                       {"image_url", "data:image/*;base64," + image.get<std::string>()},
                       {"detail", "auto"}});
  return {{"id", item_id("msg", session, m.seq, 0)},
          {"type", "message"},
          {"status", "completed"},
          {"role", m.role},
          {"content", std::move(content)}};
}

} // namespace

std::string item_id(const char* kind, const std::string& session, std::uint64_t message,
                    std::size_t place) {
  return kind + ("_" + session) + "_" + std::to_string(message) + "_" +
         std::to_string(place);
}

json reasoning_item(const std::string& id, const std::string& text) {
  return {
      {"id", id},
      {"type", "reasoning"},
      {"summary", json::array({{{"type", "summary_text"}, {"text", text}}})},
      {"encrypted_content", text} // as Ollama: not encrypted
  };
}

json text_part(const std::string& text) {
  return {{"type", "output_text"},
          {"text", text},
          {"annotations", json::array()},
          {"logprobs", json::array()}};
}

json message_item(const std::string& id, const std::string& text, const char* status) {
  return {{"id", id},
          {"type", "message"},
          {"status", status},
          {"role", "assistant"},
          {"content", json::array({text_part(text)})}};
}

json output_of(const std::string& session, const session_message& answer) {
  auto output = json::array();
  const auto id = [&](const char* kind) {
    return item_id(kind, session, answer.seq, output.size());
  };
  const auto* status = answer.state == message_state::done ? "completed" : "incomplete";
  if (!answer.thinking.empty())
    output.push_back(reasoning_item(id("rs"), answer.thinking));
  if (!answer.content.empty() ||
      (answer.tool_calls.empty() && answer.state == message_state::done))
    output.push_back(message_item(id("msg"), answer.content, status));
  for (const auto& call : calls_of(answer.tool_calls, answer.seq))
    output.push_back({{"id", id("fc")},
                      {"type", "function_call"},
                      {"status", "completed"},
                      {"call_id", call.id},
                      {"name", call.name},
                      {"arguments", call.arguments}});
  return output;
}

std::vector<json> items_of(const std::string& session, const session_message& m) {
  if (m.role != "assistant")
    return {asked_item(session, m)};
  const auto output = output_of(session, m);
  return {output.begin(), output.end()};
}

json response_of(const session_info& info, const session_message& answer,
                 const std::string& previous) {
  const auto settings = settings_of(answer);
  const auto options = settings.value("options", json::object());
  const bool cut = cut_short(answer, options);
  const auto created = answer.created / 1000;
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
  };
  const auto took = static_cast<wall_time>(answer.used.total_ns / 1'000'000'000);
  return {
      {"id", to_string(response_id{info.id, answer.seq})},
      {"object", "response"},
      {"created_at", created},
      {"completed_at",
       answer.state == message_state::done ? json(created + took) : json(nullptr)},
      {"status", status_of(answer, cut)},
      {"incomplete_details", cut ? json{{"reason", "max_output_tokens"}} : json(nullptr)},
      {"model", answer.model.empty() ? info.model : answer.model},
      {"previous_response_id", text_or_null(previous)},
      {"instructions", info.system.empty()
                           ? json(nullptr)
                           : parse(info.system).value("content", json(nullptr))},
      {"output", output_of(info.id, answer)},
      {"error", error_of(answer)},
      {"tools", tools_of(settings)},
      {"tool_choice", "auto"},
      {"truncation", "auto"},
      {"parallel_tool_calls", true},
      {"text", {{"format", format_of(settings)}}},
      {"top_p", options.value("top_p", json(usual_top_p))},
      {"presence_penalty", 0},
      {"frequency_penalty", 0},
      {"top_logprobs", 0},
      {"temperature", options.value("temperature", json(usual_temperature))},
      {"reasoning", reasoning_of(settings)},
      {"usage", usage_of(answer)},
      {"max_output_tokens", options.value("num_predict", json(nullptr))},
      {"max_tool_calls", nullptr},
      {"store", true},
      {"background", false},
      {"service_tier", "default"},
      {"metadata", parse(info.metadata)},
      {"safety_identifier", nullptr},
      {"prompt_cache_key", nullptr}};
}

} // namespace conductor::responses
