#include "tests/support/ollama/dialect.hpp"
#include "tests/support/ollama/json_text.hpp"

#include <atomic>

namespace conductor::test {

std::string openai_error(int status, std::string_view text) {
  std::string out = R"({"error":{"message":)";
  append_quoted(out, text);
  out += R"(,"type":")";
  out += status == 400   ? "invalid_request_error"
         : status == 404 ? "not_found_error"
                         : "api_error";
  return out + "\",\"param\":null,\"code\":null}}\n";
}

namespace {

// Ollama draws them from 999 numbers, so they repeat.
int next_id() {
  static std::atomic<int> last{0};
  return last++ % 999;
}

std::string usage_json(int prompt, int completion) {
  return R"({"prompt_tokens":)" + std::to_string(prompt) + R"(,"completion_tokens":)" +
         std::to_string(completion) + R"(,"total_tokens":)" +
         std::to_string(prompt + completion) + "}";
}

std::string tool_calls_json(const tool_call& call) {
  return R"([{"id":)" + quoted(call.id) +
         R"(,"index":0,"type":"function","function":{"name":)" + quoted(call.name) +
         R"(,"arguments":)" + quoted(call.arguments) + "}}]";
}

class openai_dialect : public dialect {
public:
  openai_dialect(const answer_shape& shape, std::string_view id_prefix)
      : id_(std::string(id_prefix) + std::to_string(next_id()))
      , model_(quoted(shape.model))
      , include_usage_(shape.include_usage) {}

  std::string_view content_type() const override { return "text/event-stream"; }
  std::string error_body(int status, std::string_view text) const override {
    return openai_error(status, text);
  }

protected:
  static void close_event(std::string& out) { out += "}\n\n"; }

  std::string id_;
  std::string model_;
  bool include_usage_;
};

class openai_chat_dialect final : public openai_dialect {
public:
  explicit openai_chat_dialect(const answer_shape& shape)
      : openai_dialect(shape, "chatcmpl-") {}

  void thinking(frames& out, std::string_view text) override {
    chunk(out, {}, text, nullptr, {});
  }
  void text(frames& out, std::string_view text) override {
    chunk(out, text, {}, nullptr, {});
  }
  void tool(frames& out, const tool_call& call) override {
    tool_sent_ = true;
    chunk(out, {}, {}, &call, {});
  }
  void done(frames& out, const ending& end) override {
    frames last;
    tool_sent_ = tool_sent_ || end.tool;
    chunk(last, {}, {}, end.tool ? &*end.tool : nullptr,
          tool_sent_ ? "tool_calls" : std::string_view(end.reason));
    if (include_usage_) {
      begin(last.bytes);
      last.bytes +=
          R"(,"choices":[],"usage":)" + usage_json(end.prompt_tokens, end.tokens);
      close_event(last.bytes);
    }
    (out.bytes += last.bytes) += "data: [DONE]\n\n";
    out.cut();
  }
  // The error itself is swallowed: Ollama reads it as a record without content.
  void error(frames& out, std::string_view) override {
    model_ = "\"\"";
    chunk(out, {}, {}, nullptr, {});
  }
  std::string whole(const whole_answer& a) override {
    std::string out =
        R"({"id":")" + id_ + R"(","object":"chat.completion","created":)" +
        std::to_string(unix_seconds()) + R"(,"model":)" + model_ +
        R"(,"system_fingerprint":"fp_ollama","choices":[{"index":0,"message":{)" +
        R"("role":"assistant","content":)" + quoted(a.text);
    if (!a.thinking.empty())
      out += R"(,"reasoning":)" + quoted(a.thinking);
    if (a.tool)
      out += R"(,"tool_calls":)" + tool_calls_json(*a.tool);
    return out + R"(},"finish_reason":)" + quoted(a.tool ? "tool_calls" : a.end.reason) +
           R"(}],"usage":)" + usage_json(a.end.prompt_tokens, a.end.tokens) + "}\n";
  }

private:
  void begin(std::string& out) {
    out += "data: ";
    open(out);
    ((out += R"("id":")") += id_) += R"(","object":"chat.completion.chunk","created":)";
    append_number(out, unix_seconds());
    ((out += R"(,"model":)") += model_) += R"(,"system_fingerprint":"fp_ollama")";
  }

  void chunk(frames& out, std::string_view text, std::string_view thought,
             const tool_call* call, std::string_view finish) {
    auto& bytes = out.bytes;
    begin(bytes);
    bytes += R"(,"choices":[{"index":0,"delta":{"role":"assistant","content":)";
    append_quoted(bytes, text);
    if (!thought.empty()) {
      bytes += R"(,"reasoning":)";
      append_quoted(bytes, thought);
    }
    if (call)
      (bytes += R"(,"tool_calls":)") += tool_calls_json(*call);
    bytes += R"(},"finish_reason":)";
    if (finish.empty())
      bytes += "null";
    else
      append_quoted(bytes, finish);
    bytes += "}]";
    close_event(bytes);
    out.cut();
  }

  bool tool_sent_ = false;
};

class openai_completions_dialect final : public openai_dialect {
public:
  explicit openai_completions_dialect(const answer_shape& shape)
      : openai_dialect(shape, "cmpl-") {}

  void thinking(frames& out, std::string_view) override { text(out, {}); }
  void tool(frames& out, const tool_call&) override { text(out, {}); }
  void text(frames& out, std::string_view text) override {
    chunk(out.bytes, text, {});
    out.cut();
  }
  void done(frames& out, const ending& end) override {
    chunk(out.bytes, {}, end.reason);
    if (include_usage_) {
      begin(out.bytes);
      (out.bytes += "[]") += tail(usage_json(end.prompt_tokens, end.tokens));
    }
    out.bytes += "data: [DONE]\n\n";
    out.cut();
  }
  void error(frames& out, std::string_view) override {
    model_ = "\"\"";
    text(out, {});
  }
  std::string whole(const whole_answer& a) override {
    return R"({"id":")" + id_ + R"(","object":"text_completion","created":)" +
           std::to_string(unix_seconds()) + R"(,"model":)" + model_ +
           R"(,"system_fingerprint":"fp_ollama","choices":[{"text":)" + quoted(a.text) +
           R"(,"index":0,"finish_reason":)" + quoted(a.end.reason) + R"(}],"usage":)" +
           usage_json(a.end.prompt_tokens, a.end.tokens) + "}\n";
  }

private:
  void begin(std::string& out) {
    out += "data: ";
    open(out);
    ((out += R"("id":")") += id_) += R"(","object":"text_completion","created":)";
    append_number(out, unix_seconds());
    out += R"(,"choices":)";
  }

  std::string tail(std::string_view usage) {
    std::string out = R"(,"model":)" + model_ + R"(,"system_fingerprint":"fp_ollama")";
    if (!usage.empty())
      (out += R"(,"usage":)") += usage;
    close_event(out);
    return out;
  }

  void chunk(std::string& out, std::string_view text, std::string_view finish) {
    begin(out);
    out += R"([{"text":)";
    append_quoted(out, text);
    out += R"(,"index":0,"finish_reason":)";
    if (finish.empty())
      out += "null";
    else
      append_quoted(out, finish);
    (out += "}]") += tail(include_usage_ ? usage_json(0, 0) : "");
  }
};

} // namespace

dialect_ptr openai_chat(answer_shape shape) {
  return std::make_unique<openai_chat_dialect>(shape);
}

dialect_ptr openai_completions(answer_shape shape) {
  return std::make_unique<openai_completions_dialect>(shape);
}

} // namespace conductor::test
