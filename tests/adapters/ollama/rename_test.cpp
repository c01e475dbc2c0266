#include "adapters/ollama/rename.hpp"

#include <gtest/gtest.h>

#include <string>

namespace conductor::test {
namespace {

const renamer to_alias{"llama3:8b", "fast"};

std::string renamed(const std::string& records) {
  return to_alias.apply(records);
}

void expect_unchanged(const std::string& records) {
  EXPECT_EQ(renamed(records), records);
}

TEST(a_renamer, renames_the_model_of_each_line) {
  EXPECT_EQ(renamed("{\"model\":\"llama3:8b\",\"response\":\"a\",\"done\":false}\n"
                    "{ \"done\" : true , \"model\" : \"llama3:8b\" }\n"),
            "{\"model\":\"fast\",\"response\":\"a\",\"done\":false}\n"
            "{ \"done\" : true , \"model\" : \"fast\" }\n");
}

TEST(a_renamer, renames_the_model_of_each_event) {
  EXPECT_EQ(renamed("data: {\"id\":\"c\",\"model\":\"llama3:8b\",\"choices\":[]}\n\n"
                    "data:{\"model\":\"llama3:8b\"}\r\n\r\n: ping\n\ndata: [DONE]\n\n"),
            "data: {\"id\":\"c\",\"model\":\"fast\",\"choices\":[]}\n\n"
            "data:{\"model\":\"fast\"}\r\n\r\n: ping\n\ndata: [DONE]\n\n");
}

TEST(a_renamer, renames_the_model_of_responses_and_messages) {
  EXPECT_EQ(renamed("event: response.created\ndata: {\"type\":\"response.created\","
                    "\"response\":{\"id\":\"r\",\"model\":\"llama3:8b\"}}\n\n"),
            "event: response.created\ndata: {\"type\":\"response.created\","
            "\"response\":{\"id\":\"r\",\"model\":\"fast\"}}\n\n");
  EXPECT_EQ(renamed("event: message_start\ndata: {\"type\":\"message_start\","
                    "\"message\":{\"content\":[],\"model\":\"llama3:8b\"}}\n\n"),
            "event: message_start\ndata: {\"type\":\"message_start\","
            "\"message\":{\"content\":[],\"model\":\"fast\"}}\n\n");
}

TEST(a_renamer, renames_the_model_of_one_body_on_any_number_of_lines) {
  EXPECT_EQ(renamed(R"({"model":"llama3:8b","done":true})"),
            R"({"model":"fast","done":true})");
  EXPECT_EQ(renamed("\n{\n  \"model\": \"llama3:8b\",\n  \"choices\": [\n"
                    "{\"model\":\"llama3:8b\"}\n]\n}\n"),
            "\n{\n  \"model\": \"fast\",\n  \"choices\": [\n"
            "{\"model\":\"llama3:8b\"}\n]\n}\n");
}

TEST(a_renamer, knows_the_name_however_it_is_escaped) {
  EXPECT_EQ(renamed(R"({"model":"llama3\u003a8b"})"), R"({"model":"fast"})");
  EXPECT_EQ(renamer("a", "b\"\\").apply(R"({"model":"a"})"), R"({"model":"b\"\\"})");
}

TEST(a_renamer, leaves_other_models_alone) {
  expect_unchanged("{\"model\":\"llama3:70b\"}\n{\"model\":\"llama3:8b \"}\n"
                   "{\"model\":null}\n{\"model\":7}\n{\"Model\":\"llama3:8b\"}\n");
  const std::string nameless = R"({"model":null,"message":{"model":1}})";
  EXPECT_EQ(renamer("", "fast").apply(nameless), nameless);
}

TEST(a_renamer, leaves_the_answers_text_alone) {
  expect_unchanged(R"({"response":"I am llama3:8b, \"model\":\"llama3:8b\""})");
  expect_unchanged(
      R"({"message":{"content":"llama3:8b","tool_calls":[{"function":)"
      R"({"arguments":{"model":"llama3:8b"}}}]},"x":{"model":"llama3:8b"}})");
  expect_unchanged("data: {\"choices\":[{\"delta\":{\"content\":\"\\\"model\\\":"
                   "\\\"llama3:8b\\\"\"}}]}\n\n");
}

TEST(a_renamer, leaves_what_is_no_whole_record_alone) {
  for (const auto* text :
       {"", "\n", "\n\n", "{", "{\"model\":\"llama3:8b\"", "\"llama3:8b\"",
        "[{\"model\":\"llama3:8b\"}]", "model: llama3:8b\n",
        "data: {\"model\":\"llama3:8b\"", "event: x\ndata: llama3:8b\n\n"})
    expect_unchanged(text);
}

} // namespace
} // namespace conductor::test
