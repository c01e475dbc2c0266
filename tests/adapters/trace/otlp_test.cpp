#include "adapters/trace/otlp.hpp"

#include "tests/adapters/trace/ended.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace conductor::test {
namespace {

using nlohmann::json;

json exported(const ended_request& r) {
  return json::parse(
      otlp::export_request({"1.2.3", "127.0.0.1:1"}, otlp::write(spans_of(r))));
}

TEST(otlp, has_ids_in_hex_and_long_numbers_as_texts) {
  const auto body = exported(a_chat());
  const auto& of = body["resourceSpans"][0];
  EXPECT_EQ(of["resource"]["attributes"][0],
            json::parse(R"({"key":"service.name","value":{"stringValue":"conductor"}})"));
  const auto& spans = of["scopeSpans"][0]["spans"];
  ASSERT_EQ(spans.size(), 5u);
  const auto& own = spans[0];
  EXPECT_EQ(own["traceId"], "000000000000000a000000000000000b");
  EXPECT_EQ(own["spanId"], "0000000000000100");
  EXPECT_EQ(own["parentSpanId"], "000000000000000c");
  EXPECT_EQ(own["traceState"], "vendor=1");
  EXPECT_EQ(own["kind"], 2);
  EXPECT_EQ(own["startTimeUnixNano"], "1800000000000000000");
  EXPECT_EQ(own["endTimeUnixNano"], "1800000000090000000");
  EXPECT_FALSE(own.contains("status"));
  const auto has = [&](const char* text) {
    const auto& all = own["attributes"];
    return std::find(all.begin(), all.end(), json::parse(text)) != all.end();
  };
  EXPECT_TRUE(has(R"({"key":"http.response.status_code","value":{"intValue":"200"}})"));
  EXPECT_TRUE(has(R"({"key":"gen_ai.response.finish_reasons",
                      "value":{"arrayValue":{"values":[{"stringValue":"stop"}]}}})"));
  EXPECT_EQ(
      spans[3]["events"][0],
      json::parse(R"({"timeUnixNano":"1800000000050000000","name":"first_token"})"));
}

TEST(otlp, leaves_out_the_parent_of_a_trace_that_begins_here) {
  auto r = a_chat();
  auto t = *r.trace;
  t.parent = 0;
  t.state.clear();
  r.trace = std::make_shared<const trace_context>(t);
  const auto own = exported(r)["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
  EXPECT_FALSE(own.contains("parentSpanId"));
  EXPECT_FALSE(own.contains("traceState"));
}

TEST(otlp, tells_a_failure_as_a_status) {
  auto r = a_chat();
  r.outcome = "upstream_lost";
  const auto own = exported(r)["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
  EXPECT_EQ(own["status"], json::parse(R"({"message":"upstream_lost","code":2})"));
}

TEST(otlp, survives_a_model_that_is_no_text) {
  auto r = a_chat();
  r.model = "\xff\"\n";
  EXPECT_EQ(exported(r)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"],
            "chat \xef\xbf\xbd\"\n");
}

TEST(otlp, reads_how_many_spans_were_refused) {
  EXPECT_EQ(otlp::rejected_in(R"({"partialSuccess":{"rejectedSpans":"3"}})"), 3u);
  EXPECT_EQ(otlp::rejected_in(R"({"partialSuccess":{"rejectedSpans":3}})"), 3u);
  for (const auto* none :
       {"", "{}", "[]", R"({"partialSuccess":{}})", R"({"partialSuccess":[]})",
        R"({"partialSuccess":)", R"({"partialSuccess":{"rejectedSpans":"many"}})",
        R"({"partialSuccess":{"rejectedSpans":-1}})"})
    EXPECT_EQ(otlp::rejected_in(none), 0u) << none;
}

} // namespace
} // namespace conductor::test
