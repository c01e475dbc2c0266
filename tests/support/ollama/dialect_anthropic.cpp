#include "tests/support/ollama/dialect.hpp"
#include "tests/support/ollama/json_text.hpp"

#include <atomic>
#include <cstdio>

namespace conductor::test {

namespace {

std::string next_id(const char* prefix) {
  static std::atomic<unsigned> last{0};
  char text[48];
  std::snprintf(text, sizeof text, "%s_%024x", prefix, ++last);
  return text;
}

std::string_view error_kind(int status) {
  switch (status) {
  case 400:
    return "invalid_request_error";
  case 401:
    return "authentication_error";
  case 403:
    return "permission_error";
  case 404:
    return "not_found_error";
  case 429:
    return "rate_limit_error";
  case 503:
  case 529:
    return "overloaded_error";
  default:
    return "api_error";
  }
}

std::string usage_json(int in, int out) {
  return R"("usage":{"input_tokens":)" + std::to_string(in) + R"(,"output_tokens":)" +
         std::to_string(out) + "}";
}

class messages_dialect final : public dialect {
public:
  explicit messages_dialect(const answer_shape& shape)
      : id_(next_id("msg"))
      , model_(quoted(shape.model))
      , estimated_(shape.estimated_tokens) {}

  std::string_view content_type() const override { return "text/event-stream"; }
  std::string_view stream_head() const override {
    return "Cache-Control: no-cache\r\nConnection: keep-alive\r\n";
  }

  void thinking(frames& out, std::string_view text) override {
    start(out);
    to_block(out, block::thinking, R"({"type":"thinking","thinking":""})");
    delta(out, R"({"type":"thinking_delta","thinking":)" + quoted(text) + "}");
  }
  void text(frames& out, std::string_view text) override {
    start(out);
    to_block(out, block::text, R"({"type":"text","text":""})");
    delta(out, R"({"type":"text_delta","text":)" + quoted(text) + "}");
  }
  void tool(frames& out, const tool_call& call) override {
    start(out);
    tool_sent_ = true;
    to_block(out, block::tool,
             R"({"type":"tool_use","id":)" + quoted(call.id) + R"(,"name":)" +
                 quoted(call.name) + R"(,"input":{}})");
    delta(out,
          R"({"type":"input_json_delta","partial_json":)" + quoted(call.arguments) + "}");
    stop_block(out);
  }
  void done(frames& out, const ending& end) override {
    start(out);
    if (end.tool)
      tool(out, *end.tool);
    stop_block(out);
    event(out, "message_delta",
          R"("delta":{"stop_reason":)" + quoted(stop_reason(end.reason)) + "}," +
              usage_json(end.prompt_tokens, end.tokens));
    event(out, "message_stop", {});
  }
  // Swallowed, as by Ollama: neither an error event nor message_stop.
  void error(frames&, std::string_view) override {}

  std::string whole(const whole_answer& a) override {
    std::string content;
    auto add = [&](const std::string& part) {
      content += (content.empty() ? "" : ",") + part;
    };
    if (!a.thinking.empty())
      add(R"({"type":"thinking","thinking":)" + quoted(a.thinking) + "}");
    if (!a.text.empty())
      add(R"({"type":"text","text":)" + quoted(a.text) + "}");
    if (a.tool)
      add(R"({"type":"tool_use","id":)" + quoted(a.tool->id) + R"(,"name":)" +
          quoted(a.tool->name) + R"(,"input":)" + a.tool->arguments + "}");
    tool_sent_ = a.tool.has_value();
    return R"({"id":")" + id_ + R"(","type":"message","role":"assistant","model":)" +
           model_ + R"(,"content":[)" + content + R"(],"stop_reason":)" +
           quoted(stop_reason(a.end.reason)) + "," +
           usage_json(a.end.prompt_tokens, a.end.tokens) + "}\n";
  }
  std::string error_body(int status, std::string_view text) const override {
    return anthropic_error(status, text);
  }

private:
  enum class block { none, thinking, text, tool };

  void event(frames& out, std::string_view type, const std::string& members) {
    ((out.bytes += "event: ") += type) += "\ndata: ";
    open(out.bytes);
    ((out.bytes += R"("type":")") += type) += '"';
    if (!members.empty())
      (out.bytes += ',') += members;
    out.bytes += "}\n\n";
    out.cut();
  }

  void start(frames& out) {
    if (started_)
      return;
    started_ = true;
    event(out, "message_start",
          R"("message":{"id":")" + id_ +
              R"(","type":"message","role":"assistant","model":)" + model_ +
              R"(,"content":[],)" + usage_json(estimated_, 0) + "}");
  }

  void to_block(frames& out, block kind, const std::string& opening) {
    if (open_ == kind)
      return;
    stop_block(out);
    open_ = kind;
    event(out, "content_block_start", at_index() + R"(,"content_block":)" + opening);
  }

  void stop_block(frames& out) {
    if (open_ == block::none)
      return;
    event(out, "content_block_stop", at_index());
    open_ = block::none;
    ++index_;
  }

  void delta(frames& out, const std::string& what) {
    event(out, "content_block_delta", at_index() + R"(,"delta":)" + what);
  }

  std::string at_index() const { return R"("index":)" + std::to_string(index_); }

  std::string stop_reason(std::string_view reason) const {
    return tool_sent_           ? "tool_use"
           : reason == "stop"   ? "end_turn"
           : reason == "length" ? "max_tokens"
                                : "stop_sequence";
  }

  std::string id_;
  std::string model_;
  int estimated_;
  bool started_ = false;
  bool tool_sent_ = false;
  block open_ = block::none;
  int index_ = 0;
};

} // namespace

std::string anthropic_error(int status, std::string_view text) {
  return R"({"type":"error","error":{"type":")" + std::string(error_kind(status)) +
         R"(","message":)" + quoted(text) + R"(},"request_id":")" + next_id("req") +
         "\"}\n";
}

dialect_ptr anthropic_messages(answer_shape shape) {
  return std::make_unique<messages_dialect>(shape);
}

} // namespace conductor::test
