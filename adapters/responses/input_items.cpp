#include "adapters/responses/input_items.hpp"

#include "adapters/native/chat.hpp"

#include <utility>

namespace conductor {
namespace {

using namespace json_input;

/// The base64 of a data URL.
std::string image_of(const json& part) {
  const auto url = text(part, "image_url");
  const auto comma = url.find(";base64,");
  if (!url.starts_with("data:") || comma == std::string::npos)
    throw bad_request("\"image_url\" must be a data: URL in base64: nothing is fetched");
  return url.substr(comma + 8);
}

struct content {
  std::string text;
  json images = json::array();
};

/// A string, or parts.
content content_of(const json& from, const char* key) {
  content c;
  const auto i = from.find(key);
  if (i == from.end())
    throw bad_request(std::string{"\""} + key + "\" is missing");
  if (i->is_string()) {
    c.text = i->get<std::string>();
    return c;
  }
  if (!i->is_array())
    throw bad_request(std::string{"\""} + key + "\" must be a string or an array");
  for (const auto& part : *i) {
    const auto type = part.is_object() ? text(part, "type") : std::string{};
    if (type == "input_text" || type == "output_text" || type == "text")
      c.text += text(part, "text");
    else if (type == "refusal")
      c.text += text(part, "refusal");
    else if (type == "input_image")
      c.images.push_back(image_of(part));
    else
      throw bad_request("content of type \"" + type + "\" is not supported");
  }
  return c;
}

session_message asking(const std::string& role, content c, const std::string& call = {}) {
  session_message m;
  m.role = role;
  json wire{{"role", role}, {"content", c.text}};
  if (!c.images.empty())
    wire["images"] = std::move(c.images);
  if (!call.empty())
    wire["tool_call_id"] = call;
  m.wire = dump(wire);
  m.content = std::move(c.text);
  return m;
}

/// Reads items one after the other: what an assistant thought and called goes with what
/// it said.
class reader {
public:
  std::vector<session_message> messages;

  void take(const json& item) {
    if (!item.is_object())
      throw bad_request("it must be an object");
    auto type = text(item, "type");
    if (type.empty() && item.contains("role"))
      type = "message";
    if (type != "function_call" && type != "reasoning")
      finish();
    if (type == "message")
      message(item);
    else if (type == "function_call")
      call(item);
    else if (type == "function_call_output")
      messages.push_back(
          asking("tool", content_of(item, "output"), needed_text(item, "call_id")));
    else if (type == "reasoning")
      thought_ = thought_of(item);
    else
      throw bad_request("an item of type \"" + type + "\" is not supported");
  }

  /// An assistant's message goes on for as long as it calls functions.
  void finish() {
    if (messages.empty() || messages.back().role != "assistant")
      return;
    auto& m = messages.back();
    if (!calls_.empty())
      m.tool_calls = dump(std::exchange(calls_, json::array()));
    m.wire = chat::assistant_message(m.content, m.thinking, m.tool_calls);
  }

private:
  void message(const json& item) {
    const auto role = needed_text(item, "role");
    auto c = content_of(item, "content");
    if (role == "user") {
      messages.push_back(asking(role, std::move(c)));
      return;
    }
    if (!c.images.empty())
      throw bad_request("only the user may show images");
    if (role == "system" || role == "developer") {
      messages.push_back(asking("system", std::move(c)));
    } else if (role == "assistant") {
      auto& m = messages.emplace_back();
      m.role = role;
      m.content = std::move(c.text);
      m.thinking = std::exchange(thought_, {});
    } else {
      throw bad_request("\"role\" must be user, system, developer or assistant");
    }
  }

  void call(const json& item) {
    const auto given = text(item, "arguments");
    const auto arguments = parse_bounded(given.empty() ? "{}" : given);
    if (!arguments.is_object())
      throw bad_request("\"arguments\" must be a JSON object, as a string");
    if (messages.empty() || messages.back().role != "assistant")
      messages.emplace_back().role = "assistant";
    messages.back().thinking += std::exchange(thought_, {});
    calls_.push_back(json{
        {"id", needed_text(item, "call_id")},
        {"function", {{"name", needed_text(item, "name")}, {"arguments", arguments}}}});
  }

  static std::string thought_of(const json& item) {
    std::string thought;
    const auto parts = item.find("summary");
    if (parts != item.end() && parts->is_array())
      for (const auto& part : *parts)
        if (part.is_object())
          thought += text(part, "text");
    return thought.empty() ? text(item, "encrypted_content") : thought;
  }

  std::string thought_;
  json calls_ = json::array(); ///< of the last message
};

} // namespace

std::vector<session_message> read_input(const json& input) {
  const auto text = input.is_string() ? input.get<std::string>() : std::string{};
  if (input.is_string() ? text.empty() : input.empty())
    throw bad_request("\"input\" must not be empty");
  if (input.is_string())
    return {asking("user", {text, json::array()})};
  reader r;
  for (std::size_t i = 0; i < input.size(); ++i) {
    try {
      r.take(input[i]);
    } catch (const bad_request& e) {
      throw bad_request("input[" + std::to_string(i) + "]: " + e.what());
    }
  }
  r.finish();
  if (r.messages.empty())
    throw bad_request("\"input\" must have a message");
  return std::move(r.messages);
}

} // namespace conductor
