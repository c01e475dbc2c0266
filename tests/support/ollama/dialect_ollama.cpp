#include "tests/support/ollama/dialect.hpp"
#include "tests/support/ollama/json_text.hpp"

namespace conductor::test {

void dialect::open(std::string& out) const {
  out += '{';
  if (timestamps) {
    out += R"("t":)";
    append_number(out, monotonic_ns());
    out += ',';
  }
}

std::string ollama_error(std::string_view text) {
  std::string out = R"({"error":)";
  append_quoted(out, text);
  return out + '}';
}

namespace {

void append_positive(std::string& out, std::string_view name, std::int64_t n) {
  if (n <= 0)
    return;
  ((out += ",\"") += name) += "\":";
  append_number(out, n);
}

class ollama_dialect : public dialect {
public:
  explicit ollama_dialect(const answer_shape& shape) : model_(quoted(shape.model)) {}

  std::string_view content_type() const override { return "application/x-ndjson"; }

  void thinking(frames& out, std::string_view text) override {
    record(out, {}, text, nullptr, nullptr);
  }
  void text(frames& out, std::string_view text) override {
    record(out, text, {}, nullptr, nullptr);
  }
  void tool(frames& out, const tool_call& call) override {
    record(out, {}, {}, &call, nullptr);
  }
  void done(frames& out, const ending& end) override {
    record(out, {}, {}, end.tool ? &*end.tool : nullptr, &end);
  }
  void error(frames& out, std::string_view text) override {
    (out.bytes += ollama_error(text)) += '\n';
    out.cut();
  }
  std::string whole(const whole_answer& a) override {
    std::string out;
    open(out);
    append_object(out, a.text, a.thinking, a.tool ? &*a.tool : nullptr, &a.end);
    return out;
  }
  std::string error_body(int, std::string_view text) const override {
    return ollama_error(text);
  }

protected:
  virtual void append_said(std::string& out, std::string_view text,
                           std::string_view thought, const tool_call* call) = 0;
  virtual void append_more(std::string&, const tool_call*, const ending*) {}

  static void append_call(std::string& out, const tool_call& call) {
    out += R"("tool_calls":[{"id":)";
    append_quoted(out, call.id);
    out += R"(,"function":{"index":0,"name":)";
    append_quoted(out, call.name);
    ((out += R"(,"arguments":)") += call.arguments) += "}}]";
  }

private:
  void record(frames& out, std::string_view text, std::string_view thought,
              const tool_call* call, const ending* end) {
    open(out.bytes);
    append_object(out.bytes, text, thought, call, end);
    out.bytes += '\n';
    out.cut();
  }

  void append_object(std::string& out, std::string_view text, std::string_view thought,
                     const tool_call* call, const ending* end) {
    (out += R"("model":)") += model_;
    ((out += R"(,"created_at":")") += now_text()) += "\",";
    append_said(out, text, thought, call);
    out += end ? R"(,"done":true)" : R"(,"done":false)";
    if (end) {
      if (!end->reason.empty()) {
        out += R"(,"done_reason":)";
        append_quoted(out, end->reason);
      }
      append_more(out, call, end);
      append_positive(out, "total_duration", end->total_ns);
      append_positive(out, "load_duration", end->load_ns);
      append_positive(out, "prompt_eval_count", end->prompt_tokens);
      append_positive(out, "prompt_eval_duration", end->prompt_ns);
      append_positive(out, "eval_count", end->tokens);
      append_positive(out, "eval_duration", end->eval_ns);
    } else {
      append_more(out, call, nullptr);
    }
    out += '}';
  }

  std::string model_;
};

class generate_dialect final : public ollama_dialect {
public:
  using ollama_dialect::ollama_dialect;

private:
  void append_said(std::string& out, std::string_view text, std::string_view thought,
                   const tool_call*) override {
    out += R"("response":)";
    append_quoted(out, text);
    if (!thought.empty()) {
      out += R"(,"thinking":)";
      append_quoted(out, thought);
    }
  }
  void append_more(std::string& out, const tool_call* call, const ending* end) override {
    if (end && end->with_context && end->tokens > 0)
      out += R"(,"context":[1,2,3])";
    if (call) {
      out += ',';
      append_call(out, *call);
    }
  }
};

class chat_dialect final : public ollama_dialect {
public:
  using ollama_dialect::ollama_dialect;

private:
  void append_said(std::string& out, std::string_view text, std::string_view thought,
                   const tool_call* call) override {
    out += R"("message":{"role":"assistant","content":)";
    append_quoted(out, text);
    if (!thought.empty()) {
      out += R"(,"thinking":)";
      append_quoted(out, thought);
    }
    if (call) {
      out += ',';
      append_call(out, *call);
    }
    out += '}';
  }
};

} // namespace

dialect_ptr ollama_generate(answer_shape shape) {
  return std::make_unique<generate_dialect>(shape);
}

dialect_ptr ollama_chat(answer_shape shape) {
  return std::make_unique<chat_dialect>(shape);
}

} // namespace conductor::test
