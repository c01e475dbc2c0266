#include "adapters/http/dialects.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace conductor::test {
namespace {

TEST(an_error, has_the_shape_of_its_dialect) {
  EXPECT_EQ(error_response(dialect::ollama, 404, "model 'x' not found", "c", "r").body,
            R"({"error":"model 'x' not found"})");
  EXPECT_EQ(
      error_response(dialect::openai, 400, "bad", "c", "r").body,
      R"({"error":{"message":"bad","type":"invalid_request_error","param":null,"code":null}})");
  EXPECT_EQ(
      error_response(dialect::anthropic, 503, "busy", "c", "req_1").body,
      R"({"type":"error","error":{"type":"overloaded_error","message":"busy"},"request_id":"req_1"})");
  const auto native = error_response(dialect::native, 404, "gone", "not_found", "r1");
  EXPECT_EQ(native.content_type, "application/problem+json");
  EXPECT_EQ(nlohmann::json::parse(native.body)["code"], "not_found");
}

TEST(an_error, says_when_to_come_back_only_if_that_helps) {
  EXPECT_EQ(error_response(dialect::ollama, 503, "m", "c", "r").headers.size(), 1u);
  EXPECT_TRUE(error_response(dialect::ollama, 502, "m", "c", "r").headers.empty());
}

TEST(a_full_queue, says_ollamas_own_words) {
  EXPECT_EQ(message_of(errc::queue_full, "512 wait"),
            "server busy, please try again.  maximum pending requests exceeded");
  EXPECT_EQ(status_of(errc::queue_full), 503);
}

TEST(an_error_inside_a_stream, is_one_record_that_clients_understand) {
  EXPECT_EQ(error_record(dialect::ollama, framing::ndjson, "a \"b\"\n", "c"),
            "{\"error\":\"a \\\"b\\\"\\n\"}\n");
  const auto sse = error_record(dialect::openai, framing::sse, "lost", "upstream_lost");
  EXPECT_TRUE(sse.starts_with("data: {\"error\":{\"message\":\"lost\""));
  EXPECT_TRUE(sse.ends_with("\n\n"));
  EXPECT_TRUE(error_record(dialect::anthropic, framing::sse, "m", "c")
                  .starts_with("event: error\ndata: {\"type\":\"error\""));
  EXPECT_TRUE(error_record(dialect::responses, framing::sse, "m", "c")
                  .starts_with("event: response.failed\n"));
  EXPECT_TRUE(error_record(dialect::ollama, framing::opaque, "m", "c").empty());
}

TEST(an_error_text, is_valid_json_whatever_bytes_it_holds) {
  const auto r = error_response(dialect::ollama, 502, "bad \xff\xfe bytes", "c", "r");
  EXPECT_TRUE(nlohmann::json::accept(r.body));
}

} // namespace
} // namespace conductor::test
