#include "adapters/cli/answer.hpp"
#include "adapters/cli/failure.hpp"
#include "adapters/cli/record.hpp"
#include "adapters/cli/run.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace conductor::cli {
namespace {

using nlohmann::json;

std::string shown(answer_style style, const std::vector<json>& records) {
  answer a(style);
  std::string out;
  for (const auto& r : records)
    out += a.push(r, 80);
  return out + a.close();
}

const std::vector<json> thinking{{{"thinking", "hm"}, {"response", ""}},
                                 {{"thinking", " so"}},
                                 {{"response", "Ans"}},
                                 {{"response", "wer"}, {"done", true}}};

TEST(answer, is_the_text_alone_where_there_is_no_terminal) {
  EXPECT_EQ(shown({}, {{{"response", "a \x1b"}}, {{"response", "b"}}}), "a \x1b"
                                                                        "b");
  EXPECT_EQ(shown({}, thinking), "Thinking...\nhm so\n...done thinking.\n\nAnswer");
  answer_style hidden;
  hidden.hide_thinking = true;
  EXPECT_EQ(shown(hidden, thinking), "Answer");
}

TEST(answer, is_grey_while_thinking_on_a_terminal_with_colours) {
  answer_style style{{true, true}, true, false};
  EXPECT_EQ(shown(style, thinking),
            "\x1b[38;5;245m\x1b[1mThinking...\n\x1b[0m\x1b[38;5;245mhm so\n"
            "\x1b[38;5;245m\x1b[1m...done thinking.\n\n\x1b[0mAnswer");
  EXPECT_TRUE(shown(style, {thinking[0]}).ends_with("hm\x1b[0m"));
}

TEST(answer, shows_a_call_of_a_tool_that_nobody_offered) {
  auto call = json::parse(R"({"response":"","tool_calls":[{"function":{"name":"f",
                              "arguments":{"a":1}}}]})");
  EXPECT_EQ(shown({}, {call}),
            "  Model called a non-existent function 'f()' with arguments: {\"a\":1}");
}

TEST(statistics, are_printed_as_ollama_prints_them) {
  json last{{"total_duration", 4935886791},
            {"load_duration", 534986708},
            {"prompt_eval_count", 26},
            {"prompt_eval_duration", 107345000},
            {"eval_count", 237},
            {"eval_duration", 4289432000}};
  EXPECT_EQ(statistics(last), "total duration:       4.935886791s\n"
                              "load duration:        534.986708ms\n"
                              "prompt eval count:    26 token(s)\n"
                              "prompt eval duration: 107.345ms\n"
                              "prompt eval rate:     242.21 tokens/s\n"
                              "eval count:           237 token(s)\n"
                              "eval duration:        4.289432s\n"
                              "eval rate:            55.25 tokens/s\n");
  EXPECT_EQ(statistics(json::object()), "");
  EXPECT_EQ(statistics({{"eval_count", 0}, {"total_duration", 5}}),
            "total duration:       5ns\n");
}

TEST(record, with_an_error_is_that_error) {
  try {
    parse_record(R"({"error":"model runner has unexpectedly stopped"})");
    FAIL();
  } catch (const failure& f) {
    EXPECT_STREQ(f.what(), "model runner has unexpectedly stopped");
    EXPECT_EQ(f.code, exit_error);
  }
  EXPECT_THROW(parse_record("nonsense"), failure);
  EXPECT_THROW(parse_record("[1]"), failure);
  EXPECT_NO_THROW(parse_record(R"({"response":"error"})"));
}

TEST(run_body, holds_what_was_asked_and_nothing_else) {
  run_options o;
  o.model = "m";
  EXPECT_EQ(generate_body(o, "p", {}), R"({"model":"m","prompt":"p"})");
  o.format = R"({"type":"object","properties":{"z":{},"a":{}}})";
  o.keep_alive = "90s";
  o.think = "high";
  o.options = {"temperature=0.5", "stop=x", "stop=1", "name=a=b"};
  EXPECT_EQ(
      generate_body(o, "p", {"AA=="}),
      R"({"model":"m","prompt":"p","images":["AA=="],"format":{"type":"object","properties":)"
      R"({"z":{},"a":{}}},"options":{"temperature":0.5,"stop":["x","1"],"name":"a=b"},)"
      R"("keep_alive":"1m30s","think":"high"})");
}

TEST(run_body, takes_every_form_of_keep_alive_and_think) {
  auto body = [](auto set) {
    run_options o;
    set(o);
    return json::parse(generate_body(o, "", {}));
  };
  EXPECT_EQ(body([](auto& o) { o.keep_alive = "-1"; })["keep_alive"], -1);
  EXPECT_EQ(body([](auto& o) { o.keep_alive = "-5m"; })["keep_alive"], -1);
  EXPECT_EQ(body([](auto& o) { o.keep_alive = "300"; })["keep_alive"], 300);
  EXPECT_EQ(body([](auto& o) { o.think = "false"; })["think"], false);
  EXPECT_EQ(body([](auto& o) { o.format = "json"; })["format"], "json");
}

TEST(run_body, names_the_flag_whose_value_makes_no_sense) {
  auto text = [](auto set) -> std::string {
    run_options o;
    set(o);
    try {
      return generate_body(o, "", {});
    } catch (const failure& f) {
      EXPECT_EQ(f.code, exit_usage);
      return f.what();
    }
  };
  EXPECT_TRUE(text([](auto& o) { o.think = "hard"; }).starts_with("--think takes"));
  EXPECT_TRUE(text([](auto& o) { o.format = "xml"; }).starts_with("--format takes"));
  EXPECT_TRUE(
      text([](auto& o) { o.keep_alive = "soon"; }).starts_with("--keepalive takes"));
  EXPECT_TRUE(text([](auto& o) { o.options = {"x"}; }).starts_with("--options takes"));
}

TEST(run_body, of_bytes_that_are_no_text_is_still_json) {
  EXPECT_NO_THROW(json::parse(generate_body({}, "\xff\xfe", {})));
}

} // namespace
} // namespace conductor::cli
