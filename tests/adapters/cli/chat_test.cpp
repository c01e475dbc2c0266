#include "adapters/cli/chat/chat_view.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

namespace conductor::cli {
namespace {

using nlohmann::json;
using kind = key::kind;

json snapshot(int messages, std::uint64_t next = 100) {
  json all = json::array();
  for (int i = 1; i <= messages; ++i)
    all.push_back({{"seq", i},
                   {"role", i % 2 ? "user" : "assistant"},
                   {"content", "message " + std::to_string(i)},
                   {"state", "done"}});
  return {{"type", "snapshot"}, {"seq", next - 1}, {"title", "A talk"},
          {"model", "m"},       {"messages", all}, {"next", next}};
}

json event(std::uint64_t seq, const char* type, int message, json more = json::object()) {
  json e{{"seq", seq}, {"type", type}, {"message", message}};
  e.update(more);
  return e;
}

TEST(conversation, is_put_together_from_its_events) {
  conversation c;
  c.take(snapshot(2));
  c.take(event(100, "message", 3, {{"role", "user"}, {"content", "And?"}}));
  c.take(event(101, "started", 4, {{"model", "m2"}, {"backend", "b"}}));
  EXPECT_TRUE(c.answering());
  c.take(event(102, "thinking", 4, {{"text", "Hm."}}));
  c.take(event(103, "delta", 4, {{"text", "So "}}));
  c.take(event(104, "delta", 4, {{"text", "it is."}}));
  c.take(event(105, "done", 4, {{"usage", {{"completion_tokens", 7}}}}));
  EXPECT_FALSE(c.answering());
  ASSERT_EQ(c.messages().size(), 4u);
  EXPECT_EQ(c.messages()[2].content, "And?");
  EXPECT_EQ(c.messages()[3].content, "So it is.");
  EXPECT_EQ(c.messages()[3].thinking, "Hm.");
  EXPECT_EQ(c.messages()[3].tokens, 7);
  EXPECT_EQ(c.next_event(), 106u);
}

TEST(conversation, hears_each_event_once) {
  conversation c;
  c.take(snapshot(1));
  auto said = event(100, "delta", 2, {{"text", "once"}});
  EXPECT_TRUE(c.take(said));
  EXPECT_FALSE(c.take(said));
  EXPECT_EQ(c.messages().back().content, "once");
}

TEST(conversation, says_what_an_answer_that_failed_said) {
  conversation c;
  c.take(snapshot(1));
  c.take(event(100, "error", 2, {{"code", "stalled"}, {"detail", "it hangs"}}));
  EXPECT_EQ(c.messages().back().state, "failed");
  EXPECT_EQ(c.error(), "it hangs");
}

TEST(transcript, follows_the_end_and_stays_where_it_was_scrolled_to) {
  conversation c;
  c.take(snapshot(50));
  transcript t;
  EXPECT_NE(plain(t.view(c, 40, 9)).find("message 50"), std::string::npos);
  t.scroll(c, -20);
  auto before = plain(t.view(c, 40, 9));
  c.take(event(100, "message", 51, {{"role", "user"}, {"content", "new"}}));
  EXPECT_EQ(plain(t.view(c, 40, 9)), before);
  t.to_end();
  EXPECT_NE(plain(t.view(c, 40, 9)).find("new"), std::string::npos);
}

TEST(transcript, shows_every_row_once_when_it_is_paged_through) {
  conversation c;
  c.take(snapshot(40));
  transcript t;
  t.view(c, 40, 7);
  t.to_begin();
  std::multiset<std::string> seen;
  for (int page = 0; page < 100 && !t.follows(); ++page) {
    for (const auto& row : t.view(c, 40, 7))
      if (auto text = plain(row); text.find("message") != std::string::npos)
        seen.insert(text);
    t.scroll(c, 7);
    if (t.follows())
      break;
  }
  for (int i = 1; i <= 36; ++i) // the last page overlaps the one before
    EXPECT_EQ(seen.count("  message " + std::to_string(i)), 1u) << i;
}

TEST(transcript, of_thousands_of_messages_lays_out_only_what_is_near) {
  conversation c;
  c.take(snapshot(5'000));
  transcript t;
  auto begin = std::clock();
  for (int i = 0; i < 2'000; ++i) {
    t.scroll(c, i % 400 < 300 ? -1 : 5);
    t.view(c, 80, 24);
  }
  auto spent = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_LT(spent, 2'000 * 0.01) << "processor time, far above what it takes";
}

TEST(transcript, finds_a_text_upwards_and_goes_on_to_the_next_place) {
  conversation c;
  c.take(snapshot(60));
  transcript t;
  t.view(c, 40, 6);
  ASSERT_TRUE(t.find(c, "MESSAGE 1", -1)); // 19, 18, … 10, 1
  EXPECT_NE(plain(t.view(c, 40, 2)).find("message 19"), std::string::npos);
  ASSERT_TRUE(t.find(c, "MESSAGE 1", -1));
  EXPECT_NE(plain(t.view(c, 40, 2)).find("message 18"), std::string::npos);
  EXPECT_FALSE(t.find(c, "nowhere", -1));
}

TEST(transcript, finds_every_place_once_also_where_all_of_it_is_seen) {
  conversation c;
  c.take(snapshot(4));
  transcript t;
  std::vector<std::uint64_t> found;
  for (int i = 0; i < 4; ++i) {
    t.view(c, 40, 50);
    ASSERT_TRUE(t.find(c, "message", -1));
    found.push_back(t.chosen(c)->seq);
  }
  EXPECT_EQ(found, (std::vector<std::uint64_t>{4, 3, 2, 1}));
}

TEST(transcript, folds_thinking_until_it_is_asked_for) {
  conversation c;
  c.take(snapshot(1));
  c.take(event(100, "thinking", 2, {{"text", "a secret thought"}}));
  transcript t;
  EXPECT_EQ(plain(t.view(c, 60, 20)).find("secret"), std::string::npos);
  EXPECT_NE(plain(t.view(c, 60, 20)).find("thought, 3 words"), std::string::npos);
  t.turn_thinking();
  EXPECT_NE(plain(t.view(c, 60, 20)).find("secret"), std::string::npos);
}

TEST(last_code, is_the_last_block_also_an_open_one) {
  EXPECT_EQ(last_code("a\n```\none\n```\nb\n```py\ntwo\n```\nc"), "two\n");
  EXPECT_EQ(last_code("```\nhalf"), "half\n");
  EXPECT_EQ(last_code("none"), "");
}

json listed(std::vector<std::pair<std::string, int>> sessions) {
  json all = json::array();
  for (auto& [id, version] : sessions)
    all.push_back({{"id", id},
                   {"title", "T" + id},
                   {"model", "m"},
                   {"version", version},
                   {"updated_at", "2026-01-0" + std::to_string(version) + "T00:00:00Z"}});
  return all;
}

TEST(chat_list, marks_what_changed_since_it_was_seen) {
  chat_list l;
  l.take(listed({{"a", 1}, {"b", 2}}), true);
  EXPECT_FALSE(l.find("a")->unread);
  l.take(listed({{"a", 3}}), false);
  EXPECT_TRUE(l.find("a")->unread);
  EXPECT_EQ(l.shown()[0]->id, "a") << "the one last used stands first";
  l.seen("a");
  EXPECT_FALSE(l.find("a")->unread);
  l.take(listed({{"b", 2}}), true);
  EXPECT_EQ(l.find("a"), nullptr) << "it was deleted";
}

struct at_keys : testing::Test {
  std::vector<std::string> log;
  chat_view view{orders()};

  chat_orders orders() {
    chat_orders o;
    auto note = [this](const std::string& what) {
      return [this, what](const auto&... more) {
        log.push_back(what + (std::string() + ... + (" " + text(more))));
      };
    };
    o.quit = note("quit"), o.suspend = note("suspend"), o.redraw = note("redraw");
    o.open = note("open"), o.say = note("say"), o.cancel = note("cancel");
    o.regenerate = note("regenerate"), o.remove = note("remove"), o.fork = note("fork");
    o.rename = note("rename"), o.create = note("create"), o.seek = note("seek");
    o.models = [] {};
    o.copy = note("copy"), o.mouse = note("mouse");
    return o;
  }
  static std::string text(const std::string& s) { return s; }
  static std::string text(std::uint64_t n) { return std::to_string(n); }

  void SetUp() override {
    view.away("");
    view.list().take(listed({{"a", 1}, {"b", 2}}), true);
    view.open("a");
    view.take("a", snapshot(4));
    log.clear();
  }
  void type(std::string_view text) {
    for (char c : text)
      view.press({kind::text, std::string(1, c)});
  }
  std::string shown(std::size_t columns = 80, std::size_t rows = 24) {
    std::optional<cursor> at;
    return plain(view.frame(columns, rows, at));
  }
};

TEST_F(at_keys, what_is_typed_is_said_to_the_open_conversation) {
  type("hello");
  view.press({kind::enter});
  EXPECT_EQ(log, std::vector<std::string>{"say a hello"});
}

TEST_F(at_keys, nothing_is_said_while_the_node_is_away_and_the_text_stays) {
  view.away("gone");
  type("hello");
  view.press({kind::enter});
  EXPECT_TRUE(log.empty());
  EXPECT_NE(shown().find("> hello"), std::string::npos);
  EXPECT_NE(shown().find("AWAY: gone"), std::string::npos);
}

TEST_F(at_keys, what_was_not_taken_is_typed_again_unless_something_else_is) {
  type("one");
  view.press({kind::enter});
  view.give_back("a", "one");
  EXPECT_NE(shown().find("> one"), std::string::npos);
  view.give_back("a", "two");
  EXPECT_NE(shown().find("> one"), std::string::npos);
}

TEST_F(at_keys, the_list_is_searched_while_it_is_typed_and_at_the_node_then) {
  view.press({kind::tab});
  type("/Tb");
  EXPECT_EQ(view.list().shown().size(), 1u);
  EXPECT_TRUE(log.empty());
  view.press({kind::enter});
  EXPECT_EQ(log, std::vector<std::string>{"seek Tb"});
  view.press({kind::escape});
  EXPECT_EQ(view.list().shown().size(), 2u);
}

TEST_F(at_keys, ctrl_c_cancels_then_clears_then_quits) {
  view.take("a", event(100, "started", 5, {{"model", "m"}, {"backend", "b"}}));
  view.press({kind::ctrl, "c"});
  EXPECT_EQ(log, std::vector<std::string>{"cancel a"});
  view.take("a", event(101, "cancelled", 5));
  type("draft");
  view.press({kind::ctrl, "c"});
  EXPECT_EQ(shown().find("draft"), std::string::npos);
  view.press({kind::ctrl, "c"});
  EXPECT_EQ(log.size(), 1u);
  view.press({kind::ctrl, "c"});
  EXPECT_EQ(log.back(), "quit");
}

TEST_F(at_keys, deleting_asks_first) {
  view.press({kind::tab});
  type("d");
  EXPECT_TRUE(log.empty());
  type("n");
  EXPECT_TRUE(log.empty());
  type("dy");
  EXPECT_EQ(log, std::vector<std::string>{"remove a"});
}

TEST_F(at_keys, the_model_of_a_new_conversation_is_chosen) {
  view.offer({"first", "second"});
  view.press({kind::ctrl, "n"});
  type("sec");
  view.press({kind::enter});
  EXPECT_EQ(log, std::vector<std::string>{"create second"});
}

TEST_F(at_keys, a_message_is_chosen_copied_and_forked_from) {
  view.press({kind::escape});
  type("[[");
  type("y");
  EXPECT_EQ(log, std::vector<std::string>{"copy message 2"});
  type("f");
  EXPECT_EQ(log.back(), "fork a 2");
}

TEST_F(at_keys, two_conversations_stand_side_by_side) {
  view.press({kind::tab});
  view.press({kind::home});
  type("s");
  view.take("b", snapshot(2));
  auto seen = shown(120, 30);
  EXPECT_NE(seen.find("message 4"), std::string::npos) << seen;
  EXPECT_EQ(log, std::vector<std::string>{"open b"});
  type("to b");
  view.press({kind::ctrl, "o"});
  type("to a");
  view.press({kind::enter});
  EXPECT_EQ(log.back(), "say a to a");
}

TEST_F(at_keys, every_size_is_filled_and_not_passed) {
  for (std::size_t columns : {1u, 10u, 40u, 69u, 70u, 80u, 200u})
    for (std::size_t rows : {1u, 2u, 3u, 10u, 24u, 60u}) {
      std::optional<cursor> at;
      auto frame = view.frame(columns, rows, at);
      EXPECT_EQ(frame.size(), rows);
      for (const auto& row : frame)
        EXPECT_LE(width_of(row), std::max<std::size_t>(columns, 4));
    }
}

} // namespace
} // namespace conductor::cli
