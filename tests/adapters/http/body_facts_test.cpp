#include "adapters/http/body_facts.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace conductor::test {
namespace {

TEST(scan_body, finds_model_stream_and_runner_options) {
  const auto f =
      scan_body(R"( {"messages":[{"role":"user","content":"a \"model\":\"x\" }"}],
    "options":{"temperature":0.5,"num_ctx": 4096,"num_gpu":1},"stream":false,
    "model" : "llama3:8b"} )");
  EXPECT_EQ(f.model, "llama3:8b");
  EXPECT_EQ(f.stream, false);
  EXPECT_EQ(f.runner_options, "num_ctx=4096,num_gpu=1");
}

TEST(scan_body, reads_keys_and_names_as_go_does) {
  EXPECT_EQ(scan_body(R"({"Model":"a"})").model, "a");
  EXPECT_EQ(scan_body(R"({"model":"a","MODEL":"b"})").model, "b");
  EXPECT_EQ(scan_body(R"({"name":"old"})").model, "old");
  EXPECT_EQ(scan_body(R"({"name":"old","model":"new"})").model, "new");
  EXPECT_EQ(scan_body(R"({"mod\u0065l":"m\u00e4\/x"})").model, "m\xc3\xa4/x");
}

TEST(scan_body, compares_the_names_of_options_exactly) {
  EXPECT_EQ(scan_body(R"({"OPTIONS":{"NUM_CTX":1,"num\u005fgpu":2}})").runner_options,
            "num_gpu=2");
}

TEST(scan_body, sees_past_what_nests_as_deep_as_go_allows) {
  const auto nested = [](std::size_t n) {
    return "{\"tools\":" + std::string(n, '[') + std::string(n, ']') + R"(,"model":"m"})";
  };
  EXPECT_EQ(scan_body(nested(9'999)).model, "m");
  EXPECT_EQ(scan_body(nested(10'002)).model, "");
}

TEST(scan_body, knows_what_is_to_be_stored) {
  EXPECT_TRUE(scan_body(R"({"store":true})").stored);
  EXPECT_TRUE(scan_body(R"({"store":null,"previous_response_id":"r"})").stored);
  EXPECT_FALSE(scan_body(R"({"store":false,"previous_response_id":null})").stored);
  EXPECT_FALSE(scan_body(R"({"input":{"store":true}})").stored);
}

TEST(scan_body, takes_nothing_from_deeper_levels) {
  const auto f = scan_body(R"({"x":{"model":"no","stream":true},"y":[{"model":"no"}]})");
  EXPECT_TRUE(f.model.empty());
  EXPECT_FALSE(f.stream);
}

TEST(scan_body, knows_shift_as_a_runner_option) {
  EXPECT_EQ(scan_body(R"({"shift":true,"options":{"num_ctx":1}})").runner_options,
            "num_ctx=1,shift=true");
}

TEST(scan_body, keeps_what_it_found_before_the_body_breaks) {
  EXPECT_EQ(scan_body(R"({"model":"a", oops)").model, "a");
  for (const auto* bad :
       {"", "[]", "null", "\"x\"", "{", "{\"model\"", "{\"model\":", "{]"})
    EXPECT_TRUE(scan_body(bad).model.empty()) << bad;
}

TEST(scan_body, survives_any_bytes) {
  std::mt19937 random{7};
  const std::string alphabet = "{}[]\",:\\u0model stream\n\t\xff";
  for (int i = 0; i < 20'000; ++i) {
    std::string text = "{\"model\":\"x\"";
    for (auto n = random() % 40; n > 0; --n)
      text += alphabet[random() % alphabet.size()];
    const auto f = scan_body(text);
    EXPECT_LE(f.model.size(), text.size());
  }
  const std::string deep(100'000, '[');
  scan_body("{\"a\":" + deep);
}

} // namespace
} // namespace conductor::test
