#include "adapters/native/catalogue.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace conductor::test {
namespace {

std::string tagged(const std::string& name, const std::string& modified,
                   const std::string& digest = "d") {
  return R"({"name":")" + name + R"(","model":")" + name + R"(","modified_at":")" +
         modified + R"(","size":9223372036854775807,"digest":")" + digest +
         R"(","details":{"z":1,"families":["a"],"a":null},"capabilities":["completion"]})";
}

std::string loaded(const std::string& name, const std::string& expires,
                   const std::string& digest = "d") {
  return R"({"name":")" + name + R"(","digest":")" + digest + R"(","expires_at":")" +
         expires + R"(","size_vram":1})";
}

std::string models(const std::vector<std::string>& records) {
  std::string text = R"({"models":[)";
  for (const auto& record : records)
    text.append(text.back() == '[' ? "" : ",").append(record);
  return text + "]}";
}

backend_texts tags_of(const std::string& backend,
                      const std::vector<std::string>& records) {
  return {backend, models(records), {}};
}

backend_texts ps_of(const std::string& backend, const std::vector<std::string>& records) {
  return {backend, {}, models(records)};
}

const auto older = tagged("old:latest", "2024-05-01T10:00:00Z");
const auto newer = tagged("new:latest", "2024-05-01T12:30:00.5+02:00");
const auto newest = tagged("me/newest:7b", "2024-05-01T10:40:00.123456789Z");

TEST(merged_tags, keep_each_record_as_it_stood) {
  EXPECT_EQ(merged_tags({tags_of("a", {newest})}), models({newest}));
}

TEST(a_list, leaves_out_what_whoever_asks_may_not_use) {
  const auto by = std::make_shared<grant>();
  by->key.models = {"old:latest", "me/*"};
  const std::vector all{tags_of("a", {older, newer}), tags_of("b", {newest, newer})};
  EXPECT_EQ(merged_tags(all, by), models({newest, older}));
  EXPECT_EQ(merged_openai_models(all, by).find("new:latest"), std::string::npos);
  EXPECT_TRUE(openai_model(all, "old", by));
  EXPECT_FALSE(openai_model(all, "new", by));
  const auto here = loaded("old:latest", "2024-05-01T10:00:00Z");
  EXPECT_EQ(merged_ps({ps_of("a", {here, loaded("new", "2024-05-01T10:00:00Z")})}, by),
            models({here}));
  by->key.models.clear();
  EXPECT_EQ(merged_tags(all, by), merged_tags(all));
}

TEST(merged_tags, put_the_models_of_all_backends_in_order_of_time) {
  EXPECT_EQ(merged_tags({tags_of("a", {older, newest}), tags_of("b", {newer})}),
            models({newest, newer, older}));
}

TEST(merged_tags, leave_models_of_one_second_in_the_order_of_the_backends) {
  const auto early = tagged("x", "2024-05-01T10:00:00.1Z");
  const auto late = tagged("y", "2024-05-01T10:00:00.9Z");
  EXPECT_EQ(merged_tags({tags_of("a", {early}), tags_of("b", {late})}),
            models({early, late}));
}

TEST(merged_tags, tell_a_model_once_as_the_first_backend_has_it) {
  const auto first = tagged("m:latest", "2024-01-01T00:00:00Z", "first");
  const auto second =
      tagged("registry.ollama.ai/library/M", "2025-01-01T00:00:00Z", "second");
  EXPECT_EQ(merged_tags({tags_of("a", {first}), tags_of("b", {second})}),
            models({first}));
  EXPECT_EQ(merged_tags({tags_of("b", {second}), tags_of("a", {first})}),
            models({second}));
}

TEST(merged_tags, leave_out_what_is_no_answer_and_keep_the_rest) {
  const auto good = tags_of("good", {newer});
  const std::vector<std::string> bad_answers{"",
                                             "oops",
                                             "[]",
                                             "{}",
                                             R"({"error":"x"})",
                                             R"({"models":null})",
                                             R"({"models":{"name":"x"}})",
                                             R"({"models":[1,"x",{}]})",
                                             R"({"models":[{"name":5},{"name":""}]})",
                                             "{\"models\":[{\"name\":\"\xff\"}]}",
                                             models({older}).substr(0, 90),
                                             R"({"models":[{"name":"x","d":)" +
                                                 std::string(100'000, '[') +
                                                 std::string(100'000, ']') + "}]}"};
  for (const auto& bad : bad_answers) {
    EXPECT_EQ(merged_tags({{"bad", bad, {}}, good}), models({newer}))
        << bad.substr(0, 80);
    EXPECT_EQ(merged_tags({good, {"bad", bad, {}}}), models({newer}))
        << bad.substr(0, 80);
  }
}

TEST(merged_tags, are_an_empty_list_where_nothing_is) {
  EXPECT_EQ(merged_tags({}), R"({"models":[]})");
  EXPECT_EQ(merged_ps({{"a", "", ""}}), R"({"models":[]})");
}

TEST(merged_ps, tells_every_loaded_model_of_every_backend) {
  const auto here = loaded("m:latest", "2024-05-01T10:00:00Z", "here");
  const auto there = loaded("m:latest", "2024-05-01T10:00:00Z", "there");
  const auto forever = loaded("f:latest", "2318-08-22T02:00:00.9+02:00");
  EXPECT_EQ(merged_ps({ps_of("a", {here}), ps_of("b", {there, forever})}),
            models({forever, here, there}));
}

TEST(merged_ps, leaves_out_a_backend_whose_answer_is_none) {
  const auto here = loaded("m:latest", "2024-05-01T10:00:00Z");
  EXPECT_EQ(merged_ps({{"a", "", "<html>"}, ps_of("b", {here})}), models({here}));
}

TEST(merged_openai_models, are_written_as_ollama_writes_them) {
  EXPECT_EQ(
      merged_openai_models({tags_of("a", {older}), tags_of("b", {older, newest})}),
      R"({"object":"list","data":[)"
      R"({"id":"me/newest:7b","object":"model","created":1714560000,"owned_by":"me"},)"
      R"({"id":"old:latest","object":"model","created":1714557600,"owned_by":"library"}]})"
      "\n");
  EXPECT_EQ(merged_openai_models({}), "{\"object\":\"list\",\"data\":null}\n");
}

TEST(openai_model, is_found_in_any_spelling_and_called_as_asked_for) {
  const std::vector all{tags_of("a", {older}), tags_of("b", {newest})};
  EXPECT_EQ(openai_model(all, "OLD"),
            R"({"id":"OLD","object":"model","created":1714557600,"owned_by":"library"})"
            "\n");
  EXPECT_EQ(openai_model(all, "registry.ollama.ai/Me/newest:7b"),
            R"({"id":"registry.ollama.ai/Me/newest:7b","object":"model",)"
            R"("created":1714560000,"owned_by":"Me"})"
            "\n");
}

TEST(openai_model, is_not_made_up) {
  const std::vector all{tags_of("a", {newest})};
  for (const auto* id : {"", "newest:7b", "me/newest", "me/newest:7b/", "x"})
    EXPECT_FALSE(openai_model(all, id)) << id;
}

} // namespace
} // namespace conductor::test
