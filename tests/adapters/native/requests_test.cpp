#include "adapters/native/chat.hpp"
#include "adapters/native/json_input.hpp"
#include "adapters/native/session_requests.hpp"
#include "adapters/native/time_text.hpp"

#include <gtest/gtest.h>

namespace conductor::test {
namespace {

using json_input::bad_request;

std::string nested(std::size_t levels) {
  return R"({"model":"m","metadata":{"a":)" + std::string(levels, '[') +
         std::string(levels, ']') + "}}";
}

// Written again by recursion, such a body ended the node.
TEST(native_requests, refuse_what_nests_too_deep) {
  EXPECT_NO_THROW(parse_session(nested(200)));
  EXPECT_THROW(parse_session(nested(300)), bad_request);
  EXPECT_THROW(parse_session(nested(1'000'000)), bad_request);
}

std::string members(std::size_t n) {
  std::string all;
  for (std::size_t i = 0; i < n; ++i)
    all += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
  return "{" + all + "}";
}

// Members are found one after the other: 400,000 of them took minutes.
TEST(native_requests, refuse_what_would_take_long_to_read) {
  const auto with = [](const std::string& metadata) {
    return R"({"model":"m","metadata":)" + metadata + "}";
  };
  EXPECT_NO_THROW(parse_session(with(members(256))));
  EXPECT_THROW(parse_session(with(members(257))), bad_request);
  EXPECT_THROW(parse_session(with("{\"a\":\"" + std::string(65 << 10, 'x') + "\"}")),
               bad_request);
  const auto list = [](std::size_t n) {
    std::string all = R"({"list":[1)";
    for (; n > 1; --n)
      all += ",1";
    return all + "]}";
  };
  EXPECT_NO_THROW(json_input::object_of(list(199'998))); // the list is one, and its owner
  EXPECT_THROW(json_input::object_of(list(199'999)), bad_request);
  EXPECT_TRUE(chat::keeps(members(256)));
  EXPECT_FALSE(chat::keeps(members(257)));
}

TEST(native_chat, reads_no_record_that_nests_without_end) {
  const auto record = [](std::size_t levels) {
    return R"({"message":{"content":"x","tool_calls":[{"a":)" + std::string(levels, '[') +
           std::string(levels, ']') + "}]},\"done\":false}\n";
  };
  EXPECT_EQ(chat::read_records(record(100)).size(), 1u);
  EXPECT_TRUE(chat::read_records(record(100'000)).empty());
}

TEST(native_requests, take_one_message_or_many_but_no_mixture) {
  const std::string many = R"({"messages":[{"content":"a"},{"content":"b"}])";
  EXPECT_EQ(parse_message(many + "}").messages.size(), 2u);
  for (const std::string beside :
       {R"("content":"a")", R"("images":[])", R"("role":"tool")", R"("tool_name":"t")"})
    EXPECT_THROW(parse_message(many + "," + beside + "}"), bad_request) << beside;
}

TEST(native_requests, remove_all_metadata_with_a_null) {
  const auto left = [](const std::string& patch) {
    return chat::merged(R"({"a":1})", parse_change(patch).metadata);
  };
  EXPECT_EQ(left(R"({"metadata":null})"), "{}");
  EXPECT_EQ(left(R"({"metadata":{"a":null,"b":2}})"), R"({"b":2})");
  EXPECT_EQ(left("{}"), R"({"a":1})");
}

TEST(native_requests, replace_a_schema_whole_and_options_one_by_one) {
  const auto after = [](const std::string& changes) {
    return chat::changed_settings(
        R"({"options":{"seed":1,"top_k":2},"format":{"a":1},"think":true})", changes);
  };
  EXPECT_EQ(after(R"({"format":{"enum":[null,"b"],"default":null}})"),
            R"({"options":{"seed":1,"top_k":2},)"
            R"("format":{"enum":[null,"b"],"default":null},"think":true})");
  EXPECT_EQ(after(R"({"options":{"seed":null,"top_p":3},"think":null})"),
            R"({"options":{"top_k":2,"top_p":3},"format":{"a":1}})");
  EXPECT_EQ(chat::changed_settings("{}", R"({"options":{"seed":null}})"),
            R"({"options":{}})");
}

TEST(native_times, read_what_others_write) {
  EXPECT_EQ(time_text(time_of("2026-11-24T03:15:56.316Z")), "2026-11-24T03:15:56.316Z");
  EXPECT_EQ(time_text(time_of("2026-11-24T03:15:56.5Z")), "2026-11-24T03:15:56.500Z");
  EXPECT_EQ(time_text(time_of("2026-11-24T03:15:56.123456+02:30")),
            "2026-11-24T00:45:56.123Z");
  EXPECT_EQ(time_text(time_of("2026-11-24T03:15:56-01:00")), "2026-11-24T04:15:56.000Z");
  EXPECT_EQ(time_text(time_of("1969-12-31T23:59:59.25Z")), "1969-12-31T23:59:59.250Z");
  EXPECT_EQ(time_of("yesterday"), 0);
}

TEST(native_chat, takes_no_calls_of_tools_for_none) {
  for (const std::string none : {"null", "[]", "{}", "\"\""}) {
    const auto pieces =
        chat::read_records(R"({"message":{"content":"a","tool_calls":)" + none + "}}\n");
    ASSERT_EQ(pieces.size(), 1u);
    EXPECT_EQ(pieces[0].tool_calls, "") << none;
  }
}

} // namespace
} // namespace conductor::test
