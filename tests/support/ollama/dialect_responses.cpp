#include "tests/support/ollama/dialect.hpp"
#include "tests/support/ollama/json_text.hpp"

#include <nlohmann/json.hpp>

#include <atomic>

namespace conductor::test {

namespace {

// Go prints maps with sorted keys, as this one does.
using nlohmann::json;

int next_id() {
  static std::atomic<int> last{100000};
  return last++ % 999999;
}

json empty_list() {
  return json::array();
}

class responses_dialect final : public dialect {
public:
  explicit responses_dialect(const answer_shape& shape)
      : number_(next_id())
      , id_("resp_" + std::to_string(number_))
      , item_id_("msg_" + std::to_string(number_))
      , reasoning_id_("rs_" + std::to_string(number_))
      , model_(shape.model) {}

  std::string_view content_type() const override { return "text/event-stream"; }
  std::string_view stream_head() const override {
    return "Cache-Control: no-cache\r\nConnection: keep-alive\r\n";
  }

  void thinking(frames& out, std::string_view text) override {
    start(out);
    if (thought_.empty())
      event(
          out, "response.output_item.added",
          {{"output_index", index_},
           {"item",
            {{"id", reasoning_id_}, {"type", "reasoning"}, {"summary", empty_list()}}}});
    thought_ += text;
    event(out, "response.reasoning_summary_text.delta",
          {{"item_id", reasoning_id_},
           {"output_index", index_},
           {"summary_index", 0},
           {"delta", text}});
  }

  void text(frames& out, std::string_view text) override {
    start(out);
    if (!call_.is_null())
      return;
    end_reasoning(out);
    if (!text_started_) {
      text_started_ = true;
      event(out, "response.output_item.added",
            {{"output_index", index_}, {"item", message("in_progress", false)}});
      event(out, "response.content_part.added",
            {{"item_id", item_id_},
             {"output_index", index_},
             {"content_index", 0},
             {"part", part("")}});
    }
    text_ += text;
    event(out, "response.output_text.delta",
          {{"item_id", item_id_},
           {"output_index", index_},
           {"content_index", 0},
           {"delta", text},
           {"logprobs", empty_list()}});
  }

  void tool(frames& out, const tool_call& call) override {
    start(out);
    end_reasoning(out);
    auto id = "fc_" + std::to_string(number_) + "_0";
    call_ = {
        {"id", id},           {"type", "function_call"}, {"status", "completed"},
        {"call_id", call.id}, {"name", call.name},       {"arguments", call.arguments}};
    auto begun = call_;
    begun["status"] = "in_progress";
    begun["arguments"] = "";
    event(out, "response.output_item.added", {{"output_index", index_}, {"item", begun}});
    event(out, "response.function_call_arguments.delta",
          {{"item_id", id}, {"output_index", index_}, {"delta", call.arguments}});
    event(out, "response.function_call_arguments.done",
          {{"item_id", id}, {"output_index", index_}, {"arguments", call.arguments}});
    event(out, "response.output_item.done", {{"output_index", index_}, {"item", call_}});
  }

  void done(frames& out, const ending& end) override {
    start(out);
    if (end.tool)
      tool(out, *end.tool);
    end_reasoning(out);
    if (call_.is_null() && text_started_)
      end_text(out);
    auto last = response("completed", output(), usage(end));
    last["completed_at"] = unix_seconds();
    event(out, "response.completed", {{"response", last}});
  }

  // Swallowed, as by Ollama.
  void error(frames&, std::string_view) override {}

  std::string whole(const whole_answer& a) override {
    text_ = a.text;
    thought_ = a.thinking;
    text_started_ = true;
    if (a.tool)
      call_ = {{"id", "fc_" + id_ + "_0"}, {"type", "function_call"},
               {"status", "completed"},    {"call_id", a.tool->id},
               {"name", a.tool->name},     {"arguments", a.tool->arguments}};
    auto all = response("completed", output(), usage(a.end));
    all["completed_at"] = unix_seconds();
    return all.dump() + "\n";
  }

  std::string error_body(int status, std::string_view text) const override {
    return openai_error(status, text);
  }

private:
  void event(frames& out, const char* type, json members) {
    members["type"] = type;
    members["sequence_number"] = sequence_++;
    auto object = members.dump();
    ((out.bytes += "event: ") += type) += "\ndata: ";
    open(out.bytes);
    out.bytes.append(object, 1);
    out.bytes += "\n\n";
    out.cut();
  }

  void start(frames& out) {
    if (started_)
      return;
    started_ = true;
    auto begun = response("in_progress", empty_list(), nullptr);
    event(out, "response.created", {{"response", begun}});
    event(out, "response.in_progress", {{"response", begun}});
  }

  json reasoning() const {
    return {{"id", reasoning_id_},
            {"type", "reasoning"},
            {"summary", json::array({{{"type", "summary_text"}, {"text", thought_}}})},
            {"encrypted_content", thought_}};
  }

  static json part(const std::string& text) {
    return {{"type", "output_text"},
            {"text", text},
            {"annotations", empty_list()},
            {"logprobs", empty_list()}};
  }

  json message(const char* status, bool with_text) const {
    json content = empty_list();
    if (with_text)
      content.push_back(part(text_));
    return {{"id", item_id_},
            {"type", "message"},
            {"status", status},
            {"role", "assistant"},
            {"content", content}};
  }

  void end_reasoning(frames& out) {
    if (thought_.empty() || reasoning_ended_)
      return;
    reasoning_ended_ = true;
    event(out, "response.reasoning_summary_text.done",
          {{"item_id", reasoning_id_},
           {"output_index", index_},
           {"summary_index", 0},
           {"text", thought_}});
    event(out, "response.output_item.done",
          {{"output_index", index_}, {"item", reasoning()}});
    ++index_;
  }

  void end_text(frames& out) {
    json at{{"item_id", item_id_}, {"output_index", index_}, {"content_index", 0}};
    auto whole_text = at;
    whole_text["text"] = text_;
    whole_text["logprobs"] = empty_list();
    event(out, "response.output_text.done", whole_text);
    at["part"] = part(text_);
    event(out, "response.content_part.done", at);
    event(out, "response.output_item.done",
          {{"output_index", index_}, {"item", message("completed", true)}});
  }

  json output() const {
    json all = empty_list();
    if (!thought_.empty())
      all.push_back(reasoning());
    if (!call_.is_null())
      all.push_back(call_);
    else if (text_started_)
      all.push_back(message("completed", true));
    return all;
  }

  static json usage(const ending& end) {
    return {{"input_tokens", end.prompt_tokens},
            {"output_tokens", end.tokens},
            {"total_tokens", end.prompt_tokens + end.tokens},
            {"input_tokens_details", {{"cached_tokens", 0}}},
            {"output_tokens_details", {{"reasoning_tokens", 0}}}};
  }

  json response(const char* status, json output, json usage) const {
    return {{"id", id_},
            {"object", "response"},
            {"created_at", unix_seconds()},
            {"completed_at", nullptr},
            {"status", status},
            {"incomplete_details", nullptr},
            {"model", model_},
            {"previous_response_id", nullptr},
            {"instructions", nullptr},
            {"output", std::move(output)},
            {"error", nullptr},
            {"tools", empty_list()},
            {"tool_choice", "auto"},
            {"truncation", "disabled"},
            {"parallel_tool_calls", true},
            {"text", {{"format", {{"type", "text"}}}}},
            {"top_p", 1},
            {"presence_penalty", 0},
            {"frequency_penalty", 0},
            {"top_logprobs", 0},
            {"temperature", 1},
            {"reasoning", nullptr},
            {"usage", std::move(usage)},
            {"max_output_tokens", nullptr},
            {"max_tool_calls", nullptr},
            {"store", false},
            {"background", false},
            {"service_tier", "default"},
            {"metadata", json::object()},
            {"safety_identifier", nullptr},
            {"prompt_cache_key", nullptr}};
  }

  int number_;
  std::string id_;
  std::string item_id_;
  std::string reasoning_id_;
  std::string model_;
  bool started_ = false;
  bool text_started_ = false;
  bool reasoning_ended_ = false;
  int index_ = 0;
  int sequence_ = 0;
  std::string text_;
  std::string thought_;
  json call_;
};

} // namespace

dialect_ptr openai_responses(answer_shape shape) {
  return std::make_unique<responses_dialect>(shape);
}

} // namespace conductor::test
