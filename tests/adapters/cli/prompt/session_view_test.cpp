#include "adapters/cli/prompt/session_view.hpp"

#include "adapters/cli/record.hpp"

#include <gtest/gtest.h>

namespace conductor::cli {
namespace {

using nlohmann::json;

// What a view tells, in a line for each thing.
struct told {
  std::string all;
  session_view view;

  explicit told(std::uint64_t shown)
      : view(shown,
             {[this](std::uint64_t number, const std::string& text) {
                all += std::to_string(number) + " said " + text + "\n";
              },
              [this](const std::string& text) { all += "waits " + text + "\n"; },
              [this](const json& record) {
                all += "tells " + text_of(record, "thinking") +
                       text_of(record, "response") + "\n";
              },
              [this](const turn& t) {
                all += "over " + std::to_string(t.message()) +
                       (t.is() == turn::state::done        ? " done"
                        : t.is() == turn::state::cancelled ? " cancelled"
                                                           : " " + t.error()) +
                       "\n";
              },
              [this](const json& e) { all += "is " + text_of(e, "model") + "\n"; }}) {}

  std::string after(std::initializer_list<const char*> events) {
    all.clear();
    for (const auto* event : events)
      view.push(json::parse(event));
    return all;
  }
};

TEST(session_view, tells_a_turn_as_it_goes_on) {
  told t(0);
  EXPECT_EQ(
      t.after({R"({"seq":1,"type":"message","message":1,"role":"user","content":"hi"})",
               R"({"seq":2,"type":"queued","message":2,"position":3,"eta_ms":1500})",
               R"({"seq":3,"type":"loading","message":2,"model":"m","backend":"b"})",
               R"({"seq":4,"type":"started","message":2})",
               R"({"seq":5,"type":"delta","message":2,"text":"He"})"}),
      "1 said hi\nwaits queued, number 3, about 2 s\nwaits loading m on b\nwaits \n"
      "tells He\n");
  EXPECT_EQ(t.view.answering(), 2u);
  EXPECT_EQ(t.after({R"({"seq":6,"type":"delta","message":2,"text":"llo"})",
                     R"({"seq":7,"type":"done","message":2})"}),
            "tells llo\nover 2 done\n");
  EXPECT_EQ(t.view.answering(), 0u);
  EXPECT_EQ(t.view.next_event(), 8u);
}

TEST(session_view, tells_nothing_twice_after_a_lost_connection) {
  told t(0);
  t.after({R"({"seq":5,"type":"delta","message":2,"text":"He"})"});
  EXPECT_EQ(t.after({R"({"seq":5,"type":"delta","message":2,"text":"He"})",
                     R"({"seq":6,"type":"delta","message":2,"text":"llo"})"}),
            "tells llo\n");
}

TEST(session_view, tells_what_a_snapshot_has_more) {
  told t(0);
  t.after({R"({"seq":1,"type":"message","message":1,"content":"hi"})",
           R"({"seq":5,"type":"delta","message":2,"text":"He"})"});
  EXPECT_EQ(t.after({R"({"seq":9,"next":10,"type":"snapshot","model":"m","messages":[
      {"seq":1,"role":"user","content":"hi"},
      {"seq":2,"role":"assistant","content":"Hello","state":"interrupted"},
      {"seq":3,"role":"user","content":"more"},
      {"seq":4,"role":"assistant","content":"Yes","state":"done"},
      {"seq":5,"role":"user","content":"and"},
      {"seq":6,"role":"assistant","content":"No","state":"streaming"}]})",
                     R"({"seq":10,"type":"delta","message":6,"text":"w"})"}),
            "is m\ntells llo\nover 2 the answer was interrupted\n3 said more\ntells Yes\n"
            "over 4 done\n5 said and\ntells No\ntells w\n");
}

TEST(session_view, leaves_out_what_was_known_when_it_began) {
  told t(2);
  EXPECT_EQ(t.after({R"({"seq":9,"next":10,"type":"snapshot","model":"m","messages":[
      {"seq":1,"role":"user","content":"hi"},
      {"seq":2,"role":"assistant","content":"Hello","state":"done"},
      {"seq":3,"role":"user","content":"more"}]})",
                     R"({"seq":10,"type":"message","message":3,"content":"more"})",
                     R"({"seq":11,"type":"message","message":5,"content":"new"})"}),
            "is m\n3 said more\n5 said new\n");
}

TEST(session_view, tells_messages_whose_numbers_come_again) {
  told t(4);
  EXPECT_EQ(t.after({R"({"seq":9,"next":10,"type":"snapshot","model":"m","messages":[
      {"seq":1,"role":"user","content":"hi"}]})",
                     R"({"seq":10,"type":"changed","model":"m"})",
                     R"({"seq":11,"type":"message","message":1,"content":"anew"})"}),
            "is m\nis m\n1 said anew\n");
}

TEST(session_view, keeps_the_next_one_s_waiting_from_the_answer_under_way) {
  told t(0);
  t.after({R"({"seq":1,"type":"delta","message":2,"text":"a"})"});
  EXPECT_EQ(t.after({R"({"seq":2,"type":"queued","message":4,"position":1})",
                     R"({"seq":3,"type":"delta","message":2,"text":"b"})",
                     R"({"seq":4,"type":"cancelled","message":2})",
                     R"({"seq":5,"type":"delta","message":4,"text":"c"})"}),
            "tells b\nover 2 cancelled\ntells c\n");
}

TEST(session_view, says_when_the_answer_under_way_is_gone) {
  told t(0);
  t.after({R"({"seq":1,"type":"delta","message":2,"text":"a"})"});
  EXPECT_EQ(
      t.after({R"({"seq":9,"next":10,"type":"snapshot","model":"m","messages":[]})"}),
      "is m\nover 2 the answer is no longer in the session\n");
}

} // namespace
} // namespace conductor::cli
