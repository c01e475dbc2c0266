#include "adapters/ollama/records.hpp"

#include <gtest/gtest.h>

#include <string>

namespace conductor::test {
namespace {

constexpr const char* events = "text/event-stream";
constexpr const char* body = "application/json; charset=utf-8";

/// What is read off an answer that came in pieces of that size.
answer_end end_of(const char* type, dialect speaks, const std::string& text,
                  std::size_t step) {
  record_splitter split{type, 200, speaks, 1u << 20};
  for (std::size_t at = 0; at < text.size(); at += step)
    split.push(std::string_view{text}.substr(at, step));
  return split.end();
}

void expect(const char* type, dialect speaks, const std::string& text,
            const std::string& reason) {
  for (const std::size_t step : {1, 7, 64, 1 << 20}) {
    const auto end = end_of(type, speaks, text, step);
    EXPECT_EQ(end.counters().prompt_tokens, 26u) << text << " by " << step;
    EXPECT_EQ(end.counters().answer_tokens, 298u) << text << " by " << step;
    EXPECT_EQ(end.reason(), reason) << text << " by " << step;
  }
}

TEST(an_answers_end, tells_tokens_in_each_dialect_that_streams) {
  expect(
      events, dialect::openai,
      "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":null}]}\n\n"
      "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":26,"
      "\"completion_tokens\":298,\"total_tokens\":324}}\n\ndata: [DONE]\n\n",
      "length");
  expect(events, dialect::anthropic,
         "event: message_delta\ndata: {\"delta\":{\"stop_reason\":\"end_turn\"},"
         "\"usage\":{\"input_tokens\":26,\"output_tokens\":298}}\n\n"
         "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
         "end_turn");
  expect(events, dialect::responses,
         "event: response.completed\ndata: {\"response\":{\"usage\":{\"input_tokens\":26,"
         "\"input_tokens_details\":{\"cached_tokens\":3},\"output_tokens\":298,"
         "\"output_tokens_details\":{\"reasoning_tokens\":1}}}}\n\n",
         "");
}

TEST(an_answers_end, tells_tokens_of_an_answer_that_is_one_body) {
  const std::string text(10'000, 'x');
  expect(
      body, dialect::ollama,
      R"({"response":")" + text +
          R"(","done":true,"done_reason":"stop","prompt_eval_count":26,"eval_count":298})",
      "stop");
  expect(body, dialect::openai,
         R"({"choices":[{"message":{"content":")" + text +
             R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":26,)"
             R"("completion_tokens":298,"total_tokens":324}})",
         "stop");
  expect(body, dialect::anthropic,
         R"({"content":[{"text":")" + text +
             R"("}],"stop_reason":"max_tokens","usage":{"input_tokens":26,)"
             R"("output_tokens":298}})",
         "max_tokens");
}

TEST(an_answers_end, believes_no_number_within_a_text) {
  const auto end = end_of(
      body, dialect::openai,
      R"({"choices":[{"message":{"content":"\"completion_tokens\":9 \"finish_reason\":\"x\""}}]})",
      1 << 20);
  EXPECT_EQ(end.counters().answer_tokens, 0u);
  EXPECT_EQ(end.reason(), "");
}

} // namespace
} // namespace conductor::test
