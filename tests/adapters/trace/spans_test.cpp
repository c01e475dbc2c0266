#include "adapters/trace/spans.hpp"

#include "tests/adapters/trace/ended.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace conductor::test {
namespace {

/// `NAME begin-end`, in milliseconds since the request was read.
std::vector<std::string> told(const std::vector<span>& spans) {
  std::vector<std::string> all;
  const auto ms = [](std::int64_t t) {
    return std::to_string((t - read_at) / 1'000'000);
  };
  for (const auto& s : spans)
    all.push_back(s.name + " " + ms(s.begin) + "-" + ms(s.end));
  return all;
}

/// The attribute as text; empty: it is not there.
std::string attribute(const span& s, const std::string& key) {
  for (const auto& [name, value] : s.attributes)
    if (name == key) {
      if (const auto* text = std::get_if<std::string>(&value))
        return *text;
      if (const auto* number = std::get_if<std::int64_t>(&value))
        return std::to_string(*number);
      return std::get<std::vector<std::string>>(value).at(0);
    }
  return {};
}

using lines = std::vector<std::string>;

TEST(spans, of_a_chat_are_its_phases) {
  const auto all = spans_of(a_chat());
  EXPECT_EQ(told(all), (lines{"chat m 0-90", "queue 0-20", "load 5-15", "upstream 20-70",
                              "relay 50-90"}));
  const auto& own = all.front();
  EXPECT_EQ(own.is, span::kind::server);
  EXPECT_EQ(own.id, 0x100u);
  EXPECT_EQ(own.parent, 0xcu);
  EXPECT_EQ(attribute(own, "gen_ai.operation.name"), "chat");
  EXPECT_EQ(attribute(own, "gen_ai.request.model"), "m");
  EXPECT_EQ(attribute(own, "gen_ai.usage.input_tokens"), "7");
  EXPECT_EQ(attribute(own, "gen_ai.usage.output_tokens"), "9");
  EXPECT_EQ(attribute(own, "gen_ai.response.finish_reasons"), "stop");
  EXPECT_EQ(attribute(own, "server.address"), "10.0.0.5");
  EXPECT_EQ(attribute(own, "http.response.status_code"), "200");
  EXPECT_EQ(attribute(own, "conductor.request.id"), "id-1");
  EXPECT_EQ(attribute(own, "conductor.backend"), "one");
  EXPECT_EQ(attribute(own, "error.type"), "");
  EXPECT_EQ(own.error, "");
}

TEST(spans, are_the_requests_own_and_its_children) {
  const auto all = spans_of(a_chat());
  std::set<std::uint64_t> ids;
  for (const auto& s : all) {
    EXPECT_TRUE(ids.insert(s.id).second) << s.name;
    EXPECT_EQ(s.parent, s.id == 0x100 ? 0xcu : 0x100u) << s.name;
    EXPECT_GE(s.begin, all.front().begin) << s.name;
    EXPECT_LE(s.end, all.front().end) << s.name;
  }
  EXPECT_EQ(all[3].id, child_span(*a_trace(), 1)) << "what the backend was told";
  ASSERT_EQ(all[3].events.size(), 1u);
  EXPECT_EQ(all[3].events[0].name, "first_token");
  EXPECT_EQ(all[3].events[0].time, read_at + 50'000'000);
}

TEST(spans, tell_each_attempt_and_why_it_was_lost) {
  auto r = a_chat();
  attempt lost;
  lost.backend = "two";
  lost.asked = at(1);
  lost.leased = at(2);
  lost.last = at(8);
  lost.lost = errc::upstream_lost;
  r.course.before = {lost};
  r.course.now.load_began = r.course.now.load_ended = {};
  const auto all = spans_of(r);
  EXPECT_EQ(told(all), (lines{"chat m 0-90", "queue 0-2", "upstream 2-8", "queue 8-20",
                              "upstream 20-70", "relay 50-90"}));
  EXPECT_EQ(all[2].error, "upstream_lost");
  EXPECT_EQ(attribute(all[2], "error.type"), "upstream_lost");
  EXPECT_EQ(all[4].id, child_span(*r.trace, 1));
  EXPECT_EQ(all[0].error, "") << "another backend answered";
}

TEST(spans, of_who_got_no_place_say_why) {
  auto r = a_chat();
  r.outcome = "queue_timeout";
  r.status = 503;
  r.backend.clear();
  r.course.now = {};
  r.course.now.asked = at(1);
  r.course.now.last = at(80);
  r.course.now.lost = errc::queue_timeout;
  r.taken = at(81);
  const auto all = spans_of(r);
  EXPECT_EQ(told(all), (lines{"chat m 0-81", "queue 0-80"}));
  EXPECT_EQ(all[0].error, "queue_timeout");
  EXPECT_EQ(all[1].error, "queue_timeout");
}

TEST(spans, of_who_left_end_with_him_and_are_no_failure) {
  auto r = a_chat();
  r.outcome = "cancelled";
  r.course.now.last = {};
  r.ended = r.taken = at(60);
  const auto all = spans_of(r);
  EXPECT_EQ(told(all), (lines{"chat m 0-60", "queue 0-20", "load 5-15", "upstream 20-60",
                              "relay 50-60"}));
  EXPECT_EQ(all[0].error, "");
  EXPECT_EQ(attribute(all[0], "conductor.outcome"), "cancelled");
}

TEST(spans, are_named_by_what_is_done_or_by_the_route) {
  const auto name = [](std::string path, request_kind kind, std::string model) {
    auto r = a_chat();
    r.path = std::move(path);
    r.kind = kind;
    r.model = std::move(model);
    return spans_of(r).front().name;
  };
  using kind = request_kind;
  EXPECT_EQ(name("/v1/chat/completions", kind::inference, "m"), "chat m");
  EXPECT_EQ(name("/v1/messages", kind::inference, "m"), "chat m");
  EXPECT_EQ(name("/api/generate", kind::inference, "m"), "text_completion m");
  EXPECT_EQ(name("/v1/embeddings", kind::inference, ""), "embeddings");
  EXPECT_EQ(name("/v1/audio/transcriptions", kind::inference, ""), "POST /v1/audio");
  EXPECT_EQ(name("/api/blobs/sha256:1234", kind::relay, ""), "POST /api/blobs");
}

TEST(spans, are_few_however_often_it_was_tried) {
  auto r = a_chat();
  attempt lost;
  lost.asked = at(1);
  lost.leased = at(2);
  lost.last = at(3);
  r.course.before.assign(1000, lost);
  std::set<std::uint64_t> ids;
  for (const auto& s : spans_of(r))
    EXPECT_TRUE(ids.insert(s.id).second);
  EXPECT_LT(ids.size(), 256u);
}

} // namespace
} // namespace conductor::test
