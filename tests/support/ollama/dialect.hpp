#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::test {

/// A call that the model makes.
struct tool_call {
  std::string id;
  std::string name;
  std::string arguments; ///< a JSON object
};

/// What the last record says.
struct ending {
  std::string reason = "stop";
  int prompt_tokens = 0;
  int tokens = 0;
  std::int64_t total_ns = 0;
  std::int64_t load_ns = 0;
  std::int64_t prompt_ns = 0;
  std::int64_t eval_ns = 0;
  bool with_context = true;      ///< generate, not raw
  std::optional<tool_call> tool; ///< comes in the last record
};

/// An answer that is not streamed.
struct whole_answer {
  std::string text;
  std::string thinking;
  std::optional<tool_call> tool;
  ending end;
};

/// Bytes with marks where they are flushed.
struct frames {
  std::string bytes;
  std::vector<std::size_t> ends;
  void cut() { ends.push_back(bytes.size()); }
};

/// How one API family spells an answer. One object per answer; keeps the stream's state.
class dialect {
public:
  virtual ~dialect() = default;

  virtual std::string_view content_type() const = 0;
  /// More header lines of a stream.
  virtual std::string_view stream_head() const { return {}; }

  virtual void thinking(frames& out, std::string_view text) = 0;
  virtual void text(frames& out, std::string_view text) = 0;
  virtual void tool(frames& out, const tool_call& call) = 0;
  virtual void done(frames& out, const ending& end) = 0;
  /// An error after records went out.
  virtual void error(frames& out, std::string_view text) = 0;

  /// The body of an answer that is not streamed.
  virtual std::string whole(const whole_answer& a) = 0;
  virtual std::string error_body(int status, std::string_view text) const = 0;
  virtual std::string_view error_type() const { return "application/json"; }

  bool timestamps = false;

protected:
  /// Opens a record's object, with its time of sending where wanted.
  void open(std::string& out) const;
};

using dialect_ptr = std::unique_ptr<dialect>;

/// What the request said that shapes its answer.
struct answer_shape {
  std::string model; ///< as the client spelled it
  bool include_usage = false;
  int estimated_tokens = 0;
};

dialect_ptr ollama_generate(answer_shape shape);
dialect_ptr ollama_chat(answer_shape shape);
dialect_ptr openai_chat(answer_shape shape);
dialect_ptr openai_completions(answer_shape shape);
dialect_ptr openai_responses(answer_shape shape);
dialect_ptr anthropic_messages(answer_shape shape);

std::string ollama_error(std::string_view text);
std::string openai_error(int status, std::string_view text);
std::string anthropic_error(int status, std::string_view text);

} // namespace conductor::test
