#include "adapters/cli/run.hpp"
#include "tests/adapters/cli/conduct.hpp"
#include "tests/adapters/cli/peer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <thread>

namespace conductor::cli {
namespace {

using nlohmann::json;

const std::string path = "/conductor/v1/sessions/01a2";
const std::string none = response(R"({"sessions":[],"next":null})");
const std::string found =
    response(R"({"sessions":[{"id":"01a2","model":"m","title":"Talk"}],"next":null})");
const std::string made =
    response(R"({"id":"01a2","model":"m","title":"Talk"})", "201 Created");

std::string event(int seq, const std::string& type, const std::string& more = "") {
  return R"({"seq":)" + std::to_string(seq) + R"(,"type":")" + type + R"(","message":2)" +
         more + "}\n";
}
std::string delta(int seq, const std::string& text) {
  return event(seq, "delta", R"(,"text":")" + text + "\"");
}
const std::string answer = stream_of(
    {event(1, "started"), delta(2, "Hi"), delta(3, " there"), event(4, "done")});

std::string line_of(const std::string& request) {
  return request.substr(0, request.find(" HTTP/1.1"));
}
std::string field(const std::string& request, const std::string& name) {
  auto at = request.find("\r\n" + name + ": ");
  return at == request.npos ? "" : request.substr(at + name.size() + 4, 32);
}
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

TEST(run_in_session, says_the_prompt_to_a_session_and_prints_its_answer) {
  peer node({found, answer});
  auto o = conduct({"run", "m", "--session", "Talk", "--host", node.host(), "say", "hi",
                    "--format", "json", "--think", "--keepalive", "5m", "--options",
                    "seed=1"});
  EXPECT_EQ(o.code, exit_ok) << o.err;
  EXPECT_EQ(o.out, "Hi there\n\n");
  EXPECT_EQ(o.err, "");
  auto sent = node.requests();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(line_of(sent[1]), "POST " + path + "/messages");
  EXPECT_TRUE(has(sent[1], "\r\nAccept: application/x-ndjson\r\n"));
  EXPECT_EQ(field(sent[1], "Idempotency-Key").size(), 32u);
  EXPECT_EQ(body_of(sent[1]), json::parse(R"({"content":"say hi","format":"json",
      "think":true,"keep_alive":"5m0s","options":{"seed":1}})"));
}

TEST(run_in_session, begins_a_session_of_a_new_title) {
  peer node({none, "", made, answer});
  auto o = conduct({"run", "m", "--session", "Talk", "--host", node.host(), "hi"});
  EXPECT_EQ(o.out, "Hi there\n\n");
  EXPECT_EQ(o.err, "New session 'Talk'\n");
  auto sent = node.requests();
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_EQ(body_of(sent[1]), json({{"model", "m"}, {"title", "Talk"}}));
  EXPECT_NE(field(sent[1], "Idempotency-Key"), "");
  EXPECT_EQ(sent[1], sent[2]) << "no twin when the answer was lost";
}

TEST(run_in_session, needs_a_model_only_for_a_new_session) {
  peer node({found, response(R"({"models":[]})"), answer});
  auto o = conduct({"run", "--session", "Talk", "--host", node.host(), "hi", "you"});
  EXPECT_EQ(o.out, "Hi there\n\n") << o.err;
  EXPECT_EQ(body_of(node.requests().at(2))["content"], "hi you");
  peer empty({none});
  auto lost = conduct({"run", "--session", "Talk", "--host", empty.host(), "hi"});
  EXPECT_EQ(lost.code, exit_error);
  EXPECT_EQ(lost.err, "Error: there is no session \"Talk\", nor any other\n"
                      "To make it, say its model: conductor run MODEL --session Talk\n");
}

TEST(run_in_session, knows_a_model_after_the_session_if_the_node_has_it) {
  peer node({none, response(R"({"models":[{"name":"m:latest"}]})"), made, answer});
  auto o = conduct({"run", "--session", "Talk", "--host", node.host(), "m", "hi"});
  EXPECT_EQ(o.code, exit_ok) << o.err;
  EXPECT_EQ(body_of(node.requests().at(2))["model"], "m");
  EXPECT_EQ(body_of(node.requests().at(3))["content"], "hi");
}

TEST(run_in_session, changes_the_model_of_the_session) {
  peer node({found, made, answer});
  auto o = conduct({"run", "other", "--session", "Talk", "--host", node.host(), "hi"});
  EXPECT_EQ(o.out, "Hi there\n\n") << o.err;
  EXPECT_EQ(line_of(node.requests().at(1)), "PATCH " + path);
  EXPECT_EQ(body_of(node.requests().at(1)), json({{"model", "other"}}));
  peer same({found, answer});
  conduct({"run", "m:latest", "--session", "Talk", "--host", same.host(), "hi"});
  EXPECT_EQ(line_of(same.requests().at(1)), "POST " + path + "/messages");
}

TEST(run_in_session, shows_thinking_and_statistics_as_without_one) {
  peer node(
      {found,
       stream_of({event(1, "thinking", R"(,"text":"hm")"), delta(2, "Hi"),
                  event(3, "done",
                        R"(,"usage":{"prompt_tokens":26,"completion_tokens":3},)"
                        R"("timings_ns":{"load":0,"prompt":0,"answer":0,"total":5})")})});
  auto o = conduct(
      {"run", "m", "--session", "Talk", "--host", node.host(), "hi", "--verbose"});
  EXPECT_EQ(o.out, "Thinking...\nhm\n...done thinking.\n\nHi\n\n");
  EXPECT_EQ(o.err, "total duration:       5ns\nprompt eval count:    26 token(s)\n"
                   "eval count:           3 token(s)\n");
}

TEST(run_in_session, goes_on_after_a_lost_connection_and_prints_nothing_twice) {
  peer node({found, stream_of({event(1, "started"), delta(2, "One")}, false),
             response(R"({"detail":"draining"})", "503 Service Unavailable"),
             stream_of({delta(2, "One"), delta(3, " two")}),
             stream_of({R"({"seq":9,"type":"snapshot","next":10,"messages":[{"seq":2,)"
                        R"("role":"assistant","state":"streaming",)"
                        R"("content":"One two three"}]})"
                        "\n",
                        event(10, "done")}) +
                 held});
  auto o = conduct({"run", "m", "--session", "Talk", "--host", node.host(), "hi"});
  EXPECT_EQ(o.code, exit_ok);
  EXPECT_EQ(o.out, "One two three\n\n");
  EXPECT_EQ(o.err, "");
  auto sent = node.requests();
  ASSERT_EQ(sent.size(), 5u);
  EXPECT_EQ(line_of(sent[2]), "GET " + path + "/events?from=3");
  EXPECT_EQ(line_of(sent[3]), "GET " + path + "/events?from=3");
  EXPECT_EQ(line_of(sent[4]), "GET " + path + "/events?from=4");
}

TEST(run_in_session, asks_again_with_the_same_key_where_it_has_heard_of_no_answer) {
  auto asked = R"({"seq":1,"type":"message","message":1,"role":"user","text":"hi"})";
  for (const auto& heard : {std::vector<std::string>{}, {asked + std::string("\n")}}) {
    peer node({found, stream_of(heard, false), answer});
    auto o = conduct({"run", "m", "--session", "Talk", "--host", node.host(), "hi"});
    EXPECT_EQ(o.out, "Hi there\n\n") << o.err;
    EXPECT_EQ(node.requests().at(1), node.requests().at(2));
  }
}

TEST(run_in_session, takes_a_stream_that_the_node_gave_up_for_a_lost_one) {
  peer node({found,
             stream_of({delta(1, "Hi"), "{\"error\":\"the session has ended\"}\n"}),
             stream_of({delta(2, "!"), event(3, "done")})});
  auto o = conduct({"run", "m", "--session", "Talk", "--host", node.host(), "hi"});
  EXPECT_EQ(o.out, "Hi!\n\n") << o.err;
}

TEST(run_in_session, fails_when_the_answer_does) {
  auto run = [](const std::string& bytes) {
    peer node({found, bytes});
    return conduct({"run", "m", "--session", "Talk", "--host", node.host(), "hi"});
  };
  auto broken = run(stream_of(
      {delta(1, "par"),
       event(2, "error", R"(,"code":"upstream_lost","detail":"runner died")")}));
  EXPECT_EQ(broken.code, exit_error);
  EXPECT_EQ(broken.out, "par");
  EXPECT_EQ(broken.err, "Error: runner died\n");
  auto cancelled = run(stream_of({delta(1, "par"), event(2, "cancelled")}));
  EXPECT_EQ(cancelled.code, exit_error);
  EXPECT_EQ(cancelled.err, "Error: the answer was cancelled\n");
  auto refused = run(response(R"({"detail":"no"})", "503 Service Unavailable"));
  EXPECT_EQ(refused.code, exit_error);
  EXPECT_EQ(refused.err, "Error: no\n");
}

TEST(run_in_session, pulls_a_model_that_is_missing_and_asks_again) {
  peer node({found,
             stream_of({event(1, "error", R"(,"code":"upstream_404","detail":"no m")")}),
             stream_of({"{\"status\":\"success\"}\n"}), answer});
  auto o = conduct({"run", "m", "--session", "Talk", "--host", node.host(), "hi",
                    "--think", "--options", "seed=1"});
  EXPECT_EQ(o.out, "Hi there\n\n");
  EXPECT_EQ(o.err, "success\n");
  auto sent = node.requests();
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_EQ(line_of(sent[2]), "POST /api/pull");
  EXPECT_EQ(line_of(sent[3]), "POST " + path + "/regenerate");
  EXPECT_EQ(body_of(sent[3]), json::parse(R"({"think":true,"options":{"seed":1}})"));
}

TEST(run_in_session, prints_raw_events_when_asked_each_once) {
  peer node({found, stream_of({delta(1, "a")}, false),
             stream_of({delta(1, "a"), event(2, "done")})});
  auto o =
      conduct({"run", "m", "--json", "--session", "Talk", "--host", node.host(), "hi"});
  EXPECT_EQ(o.out, delta(1, "a") + event(2, "done"));
}

TEST(run_in_session, cancels_its_answer_on_ctrl_c) {
  peer node({found, stream_of({delta(1, "par")}, false) + held,
             response(R"({"cancelled":true})")});
  std::thread hand([&] {
    while (node.requests().size() < 2)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ::kill(::getpid(), SIGINT);
  });
  auto o = conduct({"run", "m", "--session", "Talk", "--host", node.host(), "hi"});
  hand.join();
  EXPECT_EQ(o.code, exit_interrupted);
  EXPECT_EQ(o.err, "");
  auto sent = node.requests();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(line_of(sent[2]), "POST " + path + "/cancel");
}

TEST(run_in_session, refuses_what_makes_no_sense_before_it_changes_anything) {
  peer node({found});
  auto run = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"run",  "m",      "--session",
                                   "Talk", "--host", node.host()};
    words.insert(words.end(), more.begin(), more.end());
    return conduct(words);
  };
  EXPECT_EQ(run({}).err, "Error: there is nothing to say to the session\n");
  EXPECT_EQ(run({"hi", "--think=hard"}).code, exit_usage);
  EXPECT_EQ(run({"hi", "--dimensions", "4"}).code, exit_usage);
  EXPECT_EQ(conduct({"run", "--session", ""}).code, exit_usage);
  EXPECT_EQ(conduct({"run", "m", "--session", "", "hi"}).code, exit_usage);
  for (const auto& request : node.requests())
    EXPECT_TRUE(request.starts_with("GET ")) << request;
}

} // namespace
} // namespace conductor::cli
