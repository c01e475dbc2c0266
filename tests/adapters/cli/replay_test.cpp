#include "adapters/cli/replay/replay.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/replay/filler.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace conductor::cli::test {
namespace {

std::string told(const std::string& time, const std::string& more = "") {
  return R"({"id":"a","time":")" + time +
         R"(","path":"/api/chat","status":200,"outcome":"done","model":"m",)"
         R"("class":"normal","flow":"peer x","usage":{"prompt_tokens":7,)"
         R"("completion_tokens":9},"seconds":2.5,"timing":{"queue":0.5,"first":1.5})" +
         more + "}";
}

TEST(a_recording, is_read_in_the_order_in_which_requests_came) {
  const auto r = parse_recording(R"({"requests":[)" + told("2026-11-26T00:00:02.500Z") +
                                     "," + told("2026-11-26T00:00:01.000Z") + "]}",
                                 "f");
  ASSERT_EQ(r.requests.size(), 2u);
  EXPECT_EQ(r.requests[0].at_s, 0);
  EXPECT_EQ(r.requests[1].at_s, 1.5);
  EXPECT_EQ(r.requests[1].prompt_tokens, 7u);
  EXPECT_EQ(r.requests[1].answer_tokens, 9u);
  EXPECT_EQ(r.requests[1].queue_s, .5);
  EXPECT_EQ(r.requests[1].total_s, 2.5);
  EXPECT_FALSE(r.requests[1].failed);
}

TEST(a_recording, is_also_one_request_in_each_line) {
  const auto r = parse_recording(told("2026-11-26T00:00:01Z") + "\n\n" +
                                     told("2026-11-26T00:00:00Z", R"(,"session":"s")"),
                                 "f");
  ASSERT_EQ(r.requests.size(), 2u);
  EXPECT_EQ(r.requests[0].session, "s");
}

TEST(a_recording, leaves_out_what_took_no_place) {
  const auto r =
      parse_recording(R"({"time":"2026-11-26T00:00:01Z","path":"/api/pull","model":"m"})"
                      "\n" +
                          told("2026-11-26T00:00:01Z"),
                      "f");
  EXPECT_EQ(r.requests.size(), 1u);
  EXPECT_EQ(r.left_out, 1u);
}

TEST(a_recording, names_the_line_that_is_none) {
  try {
    parse_recording(told("2026-11-26T00:00:01Z") + "\n{\"a\":1}\n", "traffic.ndjson");
    FAIL() << "taken";
  } catch (const failure& e) {
    EXPECT_EQ(e.code, exit_usage);
    EXPECT_EQ(std::string{e.what()}.find("traffic.ndjson:2: "), 0u) << e.what();
  }
}

TEST(a_filler, of_a_conversation_begins_with_what_was_said_before) {
  const auto shorter = filler_text(100, 5), longer = filler_text(150, 5);
  EXPECT_EQ(std::count(longer.begin(), longer.end(), ' '), 149);
  EXPECT_TRUE(longer.starts_with(shorter + " "));
  EXPECT_NE(filler_text(100, 6).substr(0, 40), shorter.substr(0, 40));
}

/// Ten requests, each answered `now_s` after it was asked, once in a second before.
std::string compared(double now_s) {
  recording before;
  std::vector<played_request> now;
  for (int i = 0; i < 10; ++i) {
    recorded_request r;
    r.at_s = i;
    r.priority = i % 2 == 0 ? "normal" : "batch";
    r.first_s = r.total_s = 1;
    r.answer_tokens = 10;
    before.requests.push_back(r);
    played_request p;
    p.first_s = p.total_s = now_s;
    p.answer_tokens = 10;
    now.push_back(p);
  }
  now.back().error = "no place";
  return replay_text(before, now, {});
}

TEST(a_replay, says_what_became_longer_and_what_shorter) {
  const auto worse = compared(3);
  EXPECT_NE(worse.find("the time to the first record is longer, by 2.0 s to 2.0 s"),
            std::string::npos)
      << worse;
  EXPECT_NE(worse.find("the wait for a place: no difference"), std::string::npos);
  EXPECT_NE(worse.find("1 failed: no place"), std::string::npos);
  EXPECT_NE(worse.find("batch (5)"), std::string::npos);
  EXPECT_NE(compared(.5).find("the time to the end is shorter, by 500 ms"),
            std::string::npos);
}

TEST(a_replay, compares_nothing_where_too_little_was_answered) {
  recording before;
  before.requests.resize(3);
  const auto text = replay_text(before, std::vector<played_request>(3), {});
  EXPECT_NE(text.find("too few answers for a verdict"), std::string::npos) << text;
}

} // namespace
} // namespace conductor::cli::test
