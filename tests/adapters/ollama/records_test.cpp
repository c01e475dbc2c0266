#include "adapters/ollama/records.hpp"

#include <gtest/gtest.h>

#include <string>

namespace conductor::test {
namespace {

const std::string lines = "{\"response\":\"\xe4\xb8\xad\",\"done\":false}\n"
                          "{\"response\":\"b\",\"done\":false}\n"
                          "{\"done\":true,\"total_duration\":9,\"load_duration\":1,"
                          "\"prompt_eval_count\":26,\"prompt_eval_duration\":2,"
                          "\"eval_count\":298,\"eval_duration\":3}\n";

record_splitter ndjson(std::size_t max = 1u << 20) {
  return {"application/x-ndjson", 200, dialect::ollama, max};
}
record_splitter sse(dialect speaks) {
  return {"text/event-stream", 200, speaks, 1u << 20};
}

TEST(a_record_splitter, passes_whole_records_only_and_loses_nothing) {
  for (std::size_t step = 1; step <= lines.size(); ++step) {
    auto split = ndjson();
    std::string all;
    for (std::size_t at = 0; at < lines.size(); at += step) {
      const auto out = split.push(std::string_view{lines}.substr(at, step));
      if (!out.empty()) {
        EXPECT_EQ(out.back(), '\n') << step;
      }
      all += out;
    }
    EXPECT_EQ(all, lines) << step;
    EXPECT_TRUE(split.finished());
    EXPECT_EQ(split.end().counters().answer_tokens, 298u);
    EXPECT_EQ(split.end().counters().prompt_tokens, 26u);
    EXPECT_EQ(split.end().counters().total_ns, 9u);
  }
}

TEST(a_record_splitter, cuts_events_where_they_end) {
  const std::string events = "data: {\"a\":1}\n\ndata: {\"b\":\"x\"}\n\ndata: [DONE]\n\n";
  for (std::size_t step = 1; step <= events.size(); ++step) {
    auto split = sse(dialect::openai);
    std::string all;
    for (std::size_t at = 0; at < events.size(); at += step) {
      const auto out = split.push(std::string_view{events}.substr(at, step));
      if (!out.empty()) {
        EXPECT_TRUE(out.ends_with("\n\n")) << step;
      }
      all += out;
    }
    EXPECT_EQ(all, events) << step;
    EXPECT_TRUE(split.finished()) << step;
  }
}

TEST(a_record_splitter, knows_a_stream_that_ended_too_early) {
  auto split = ndjson();
  split.push("{\"response\":\"say \\\"done\\\":true\",\"done\":false}\n");
  EXPECT_FALSE(split.finished());
  split.push("{\"error\":\"x\"}\n");
  EXPECT_TRUE(split.finished());

  auto spaced = ndjson();
  spaced.push("{\"response\": \"\", \"done\": true}\n");
  EXPECT_TRUE(spaced.finished());

  auto pull = ndjson();
  pull.push("{\"status\":\"pulling\"}\n");
  EXPECT_FALSE(pull.finished());
  pull.push("{\"status\":\"success\"}\n");
  EXPECT_TRUE(pull.finished());

  auto chat = sse(dialect::openai);
  chat.push("data: {\"choices\":[]}\n\n");
  EXPECT_FALSE(chat.finished());

  auto messages = sse(dialect::anthropic);
  messages.push("event: message_delta\ndata: {}\n\n");
  EXPECT_FALSE(messages.finished());
  messages.push("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
  EXPECT_TRUE(messages.finished());

  auto responses = sse(dialect::responses);
  responses.push("event: response.created\ndata: {}\n\n");
  EXPECT_FALSE(responses.finished());
  responses.push("event: response.completed\ndata: {}\n\n");
  EXPECT_TRUE(responses.finished());
}

// Found by tests/world/chaos_test.py: such a stream ended without a word to its client.
TEST(a_record_splitter, takes_no_answer_about_an_end_for_one) {
  for (const auto* type : {"message_stop", "error"}) {
    auto messages = sse(dialect::anthropic);
    messages.push("event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
                  "\"delta\":{\"text\":\"then event: " +
                  std::string{type} + "\"}}\n\n");
    EXPECT_FALSE(messages.finished()) << type;
  }
  for (const auto* type :
       {"response.completed", "response.failed", "response.incomplete", "error"}) {
    auto responses = sse(dialect::responses);
    responses.push("event: response.output_text.delta\ndata: {\"delta\":\"then event: " +
                   std::string{type} + "\",\"type\":\"response.output_text.delta\"}\n\n");
    EXPECT_FALSE(responses.finished()) << type;
  }
  for (const auto* arguments :
       {R"({"id":3,"done":true})", R"({"error":"x"})", R"({"status":"success"})"}) {
    auto chat = ndjson();
    chat.push(R"({"message":{"tool_calls":[{"function":{"arguments":)" +
              std::string{arguments} + "}}]},\"done\":false}\n");
    EXPECT_FALSE(chat.finished()) << arguments;
  }
}

TEST(a_record_splitter, knows_an_end_by_its_field_or_by_its_data) {
  for (const auto* event :
       {"event:message_stop\ndata: {}\n\n", "data: {\"type\": \"message_stop\"}\n\n",
        "this is no field\nevent: message_stop\ndata: {}\n\n",
        "event: error\ndata: {\"type\":\"error\"}\n\n"}) {
    auto messages = sse(dialect::anthropic);
    messages.push(event);
    EXPECT_TRUE(messages.finished()) << event;
  }
}

TEST(a_record_splitter, knows_why_the_model_ended) {
  const auto reason = [](const std::string& last) {
    record_splitter split{"application/x-ndjson", 200, dialect::ollama, 1000};
    split.push("{\"response\":\"x\",\"done\":false}\n" + last + "\n");
    return split.end().reason();
  };
  EXPECT_EQ(reason(R"({"done":true,"done_reason":"stop","eval_count":1})"), "stop");
  EXPECT_EQ(reason(R"({"done_reason": "length", "done": true})"), "length");
  for (const auto* none :
       {R"({"done":true})", R"({"done":true,"done_reason":null})",
        R"({"done":true,"done_reason":""})", R"({"error":"\"done_reason\":\"stop\""})",
        R"({"done_reason":"sto)"})
    EXPECT_EQ(reason(none), "") << none;
  record_splitter events{"text/event-stream", 200, dialect::openai, 1000};
  events.push("data: {\"done_reason\":\"stop\"}\n\n");
  EXPECT_EQ(events.end().reason(), "");
}

TEST(a_record_splitter, says_nothing_of_bodies_without_records) {
  record_splitter json{"application/json; charset=utf-8", 200, dialect::ollama, 10};
  EXPECT_EQ(json.push("{\"a\""), "{\"a\"");
  EXPECT_TRUE(json.finished());
  record_splitter error{"application/x-ndjson", 500, dialect::ollama, 10};
  EXPECT_TRUE(error.finished());
}

TEST(a_record_splitter, bounds_one_record) {
  auto split = ndjson(100);
  EXPECT_TRUE(split.push(std::string(99, 'x')).empty());
  EXPECT_FALSE(split.too_long());
  split.push("xx");
  EXPECT_TRUE(split.too_long());
  EXPECT_TRUE(split.push("\n").empty());
}

TEST(a_record_splitter, gives_out_a_last_line_without_its_end) {
  auto split = ndjson();
  split.push("{\"a\":1}\n{\"b\":2}");
  EXPECT_EQ(split.rest(), "{\"b\":2}");
}

// Found by tests/fuzz/records.cpp.
TEST(a_record_splitter, takes_blank_lines_for_no_record) {
  const std::string text = "data: {}\n\n\n\ndata: [DONE]\n\n\n\n\n";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    auto split = sse(dialect::openai);
    for (std::size_t at = 0; at < text.size(); at += step)
      split.push(std::string_view{text}.substr(at, step));
    EXPECT_TRUE(split.finished()) << step;
  }
}

} // namespace
} // namespace conductor::test
