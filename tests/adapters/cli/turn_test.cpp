#include "adapters/cli/turn.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace conductor::cli {
namespace {

using nlohmann::json;

json event(int seq, const char* type, json more = json::object(), int message = 2) {
  more.update({{"seq", seq}, {"type", type}, {"message", message}});
  return more;
}

json delta(int seq, const char* text, int message = 2) {
  return event(seq, "delta", {{"text", text}}, message);
}

json snapshot(int seq, const char* content, const char* state, json more = {}) {
  json answer{{"seq", 2}, {"role", "assistant"}, {"content", content}, {"state", state}};
  if (more.is_object())
    answer.update(more);
  return {{"seq", seq},
          {"type", "snapshot"},
          {"next", seq + 1},
          {"messages", {{{"seq", 1}, {"role", "user"}, {"content", "q"}}, answer}}};
}

// All that the turn tells of these events.
struct told {
  std::string text, thinking;
  std::size_t calls = 0;
};

told hear(turn& t, const std::vector<json>& events) {
  told all;
  for (const auto& e : events) {
    auto record = t.push(e).value_or(json::object());
    all.text += record.value("response", "");
    all.thinking += record.value("thinking", "");
    all.calls += record.value("tool_calls", json::array()).size();
  }
  return all;
}

TEST(turn, tells_what_its_events_say) {
  turn t;
  auto all =
      hear(t, {event(1, "message", {{"role", "user"}, {"text", "q"}}, 1),
               event(2, "queued", {{"position", 1}}), event(3, "loading"),
               event(4, "started"), event(5, "thinking", {{"text", "hm"}}), delta(6, "A"),
               event(7, "trimmed", json::object(), 1), delta(8, "b")});
  EXPECT_EQ(all.text, "Ab");
  EXPECT_EQ(all.thinking, "hm");
  EXPECT_EQ(t.message(), 2u);
  EXPECT_EQ(t.next_event(), 9u);
  EXPECT_EQ(t.is(), turn::state::open);
  hear(t, {event(9, "done",
                 {{"usage", {{"prompt_tokens", 3}, {"completion_tokens", 2}}},
                  {"timings_ns",
                   {{"load", 1}, {"prompt", 2}, {"answer", 3}, {"total", 6}}}})});
  EXPECT_EQ(t.is(), turn::state::done);
  EXPECT_EQ(t.numbers(), json::parse(R"({"total_duration":6,"load_duration":1,
      "prompt_eval_count":3,"prompt_eval_duration":2,"eval_count":2,"eval_duration":3})"));
}

TEST(turn, knows_an_event_that_it_has_heard) {
  turn t;
  EXPECT_EQ(t.next_event(), 0u);
  EXPECT_TRUE(t.push(delta(3, "A")));
  EXPECT_FALSE(t.push(delta(3, "A")));
  EXPECT_FALSE(t.push(delta(2, "z")));
  EXPECT_EQ(hear(t, {delta(3, "A"), delta(4, "b")}).text, "b");
}

TEST(turn, hears_nothing_of_other_answers) {
  turn t;
  EXPECT_EQ(hear(t, {delta(1, "A"), delta(2, "x", 4), event(3, "done", {}, 4)}).text,
            "A");
  EXPECT_EQ(t.is(), turn::state::open);
}

TEST(turn, tells_of_a_snapshot_only_what_is_new) {
  turn t;
  EXPECT_EQ(hear(t, {delta(1, "One"), snapshot(7, "One two", "streaming"),
                     delta(8, " three"), event(9, "done")})
                .text,
            "One two three");
  EXPECT_EQ(t.is(), turn::state::done);
  EXPECT_EQ(t.next_event(), 10u);
}

TEST(turn, tells_nothing_twice_where_a_snapshot_is_older_than_what_was_told) {
  turn t;
  EXPECT_EQ(hear(t, {delta(1, "One two"), snapshot(1001, "One", "streaming"),
                     delta(1002, " t"), delta(1003, "wo th"), delta(1004, "ree")})
                .text,
            "One two three");
}

TEST(turn, ends_with_a_snapshot_of_its_end) {
  auto end = [](const char* state, json more = {}) {
    turn t;
    auto all = hear(t, {delta(1, "A"), snapshot(5, "Ab", state, more)});
    EXPECT_EQ(all.text, "Ab");
    return t;
  };
  auto done = end("done", {{"usage", {{"prompt_tokens", 3}, {"completion_tokens", 2}}}});
  EXPECT_EQ(done.is(), turn::state::done);
  EXPECT_EQ(done.numbers()["eval_count"], 2);
  EXPECT_EQ(end("cancelled").is(), turn::state::cancelled);
  EXPECT_EQ(end("failed", {{"error", "out of cheese"}}).error(), "out of cheese");
  EXPECT_EQ(end("interrupted").error(), "the answer was interrupted");
  EXPECT_EQ(end("queued").is(), turn::state::open);
}

TEST(turn, fails_where_its_answer_is_gone) {
  turn t;
  hear(t, {delta(1, "A", 4), snapshot(5, "other", "done")});
  EXPECT_EQ(t.is(), turn::state::failed);
  EXPECT_EQ(t.error(), "the answer is no longer in the session");
}

TEST(turn, takes_the_last_answer_of_a_snapshot_for_its_own_if_it_has_heard_of_none) {
  turn t;
  EXPECT_EQ(hear(t, {snapshot(5, "Ab", "streaming"), delta(6, "c")}).text, "Abc");
  EXPECT_EQ(t.message(), 2u);
}

TEST(turn, tells_a_call_of_a_tool_once) {
  json calls = {{"tool_calls", {{{"function", {{"name", "f"}}}}}}};
  turn t;
  EXPECT_EQ(
      hear(t, {event(1, "tool_calls", calls), snapshot(5, "", "done", calls)}).calls, 1u);
  turn late;
  EXPECT_EQ(hear(late, {snapshot(5, "", "done", calls)}).calls, 1u);
}

TEST(turn, says_why_it_failed) {
  turn t;
  hear(t, {event(1, "error", {{"code", "upstream_404"}, {"detail", "no such model"}})});
  EXPECT_EQ(t.is(), turn::state::failed);
  EXPECT_EQ(t.code(), "upstream_404");
  EXPECT_EQ(t.error(), "no such model");
}

} // namespace
} // namespace conductor::cli
