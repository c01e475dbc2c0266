#include "tests/world/a_talk.hpp"
#include "tests/world/world_fixture.hpp"

#include <algorithm>
#include <set>

namespace conductor::test {
namespace {

using json = nlohmann::json;
using namespace std::chrono_literals;

/// A node with sessions in a folder of the test's own.
class a_node_with_sessions : public a_node {
protected:
  std::string create(const std::string& body = R"({"model":"canned"})") {
    const auto a = ask("POST", "/conductor/v1/sessions", body);
    EXPECT_EQ(a.status, 201) << a.body;
    return json::parse(a.body)["id"];
  }
  static std::string at(const std::string& id, const std::string& part = "") {
    return "/conductor/v1/sessions/" + id + part;
  }
  static std::string saying(const std::string& content, const std::string& script = "{}",
                            const std::string& more = "") {
    return R"({"content":")" + content + "\"," + more + R"("options":{"script":)" +
           script + "}}";
  }
  http_answer say(const std::string& id, const std::string& content,
                  const std::string& script = "{}") {
    return ask("POST", at(id, "/messages"), saying(content, script));
  }
  json read(const std::string& id) { return json::parse(ask("GET", at(id)).body); }
  static std::vector<json> events_of(const std::string& body) {
    std::vector<json> all;
    for (const auto& line : lines_of(body))
      all.push_back(json::parse(line));
    return all;
  }
  static std::string text_of_events(const std::vector<json>& all) {
    std::string text;
    for (const auto& e : all)
      if (e["type"] == "delta")
        text += e["text"];
    return text;
  }
  /// Waits until the session's last message has that state.
  void wait_for_state(const std::string& id, const std::string& state) {
    const auto until = std::chrono::steady_clock::now() + 10s;
    json last;
    while (std::chrono::steady_clock::now() < until) {
      last = read(id);
      if (!last["messages"].empty() && last["messages"].back()["state"] == state)
        return;
    }
    ADD_FAILURE() << "never " << state << ": " << last;
  }
  void restart() {
    begin_stop();
    stopped();
    drained = {};
    values.server.listen.erase(values.server.listen.begin());
    start();
  }
};

TEST_F(a_node_with_sessions, holds_a_conversation) {
  start();
  const auto id = create(R"({"model":"canned","title":"Sky","system":"Be brief."})");
  const auto a = say(id, "why is the sky blue?", R"({"records":5})");
  ASSERT_EQ(a.status, 200) << a.body;
  EXPECT_EQ(a.headers.at("content-type"), "application/x-ndjson");
  const auto events = events_of(a.body);
  script s;
  s.records = 5;
  EXPECT_EQ(text_of_events(events), expected_text(s));
  EXPECT_EQ(events[0]["type"], "message");
  EXPECT_EQ(events[0]["content"], "why is the sky blue?");
  EXPECT_EQ(events[1]["type"], "started");
  EXPECT_EQ(events[1]["backend"], "one");
  EXPECT_EQ(events.back()["type"], "done");
  EXPECT_EQ(events.back()["usage"]["completion_tokens"], 5);
  for (std::size_t i = 1; i < events.size(); ++i)
    EXPECT_EQ(events[i]["seq"], events[i - 1]["seq"].get<int>() + 1);
  const auto now = read(id);
  EXPECT_EQ(now["title"], "Sky");
  EXPECT_EQ(now["system"], "Be brief.");
  ASSERT_EQ(now["messages"].size(), 2u);
  EXPECT_EQ(now["messages"][0]["content"], "why is the sky blue?");
  EXPECT_EQ(now["messages"][1]["content"], expected_text(s));
  EXPECT_EQ(now["messages"][1]["state"], "done");
}

// What waits to be written, as the client reads late, is written before the WebSocket
// closes.
TEST_F(a_node_with_sessions, tells_a_websocket_all_of_a_turn_before_it_stops) {
  start();
  const auto id = create(R"({"model":"canned"})");
  a_talk talk{port, 4096};
  talk.say({{"op", "subscribe"}, {"ref", "1"}, {"session", id}});
  talk.hear("ack");
  auto turn = json::parse(saying("hi", R"({"records":3000,"size":1000})"));
  turn.update({{"op", "send"}, {"ref", "2"}, {"session", id}});
  talk.say(turn);
  talk.hear("ack");
  wait_for_state(id, "done");
  begin_stop();
  std::this_thread::sleep_for(100ms); // nothing is read before the WebSocket knows
  EXPECT_NO_THROW(talk.hear("done"));
  EXPECT_THROW(talk.hear(), boost::system::system_error) << "and it closes";
  stopped();
}

// A peer that never answers the close holds the node no longer than the drain.
TEST_F(a_node_with_sessions,
       leaves_a_websocket_that_does_not_answer_when_the_drain_ends) {
  values.server.drain = 300ms;
  start();
  const auto id = create(R"({"model":"canned"})");
  a_talk talk{port};
  talk.say({{"op", "subscribe"}, {"ref", "1"}, {"session", id}});
  talk.hear("ack");
  const auto begun = std::chrono::steady_clock::now();
  begin_stop();
  stopped();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 8s) << "a handshake may take ten";
}

// B7: request n+1 begins with the bytes of request n's messages.
TEST_F(a_node_with_sessions, lets_ollama_use_its_prompt_cache) {
  start();
  const auto id = create(R"({"model":"canned","system":"Be brief."})");
  for (const auto* text : {"one", "two", "three"})
    say(id, text, R"({"records":3})");
  std::vector<std::string> bodies;
  for (const auto& r : ollama.requests())
    if (r.route == "/api/chat")
      bodies.push_back(r.body.substr(0, r.body.find("],\"stream\"")));
  ASSERT_EQ(bodies.size(), 3u);
  for (std::size_t i = 1; i < bodies.size(); ++i)
    EXPECT_TRUE(bodies[i].starts_with(bodies[i - 1])) << bodies[i];
  EXPECT_EQ(json::parse(bodies[2] + "]}")["messages"].size(), 6u);
}

TEST_F(a_node_with_sessions, refuses_a_body_that_nests_too_deep) {
  start();
  const auto deep = R"({"model":"canned","metadata":{"a":)" +
                    std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}}";
  EXPECT_EQ(ask("POST", "/conductor/v1/sessions", deep).status, 400);
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST_F(a_node_with_sessions, does_not_repeat_an_answer_that_was_erased) {
  start();
  const auto id = create();
  const auto post = [&] {
    return ask("POST", at(id, "/messages"), saying("hi", R"({"records":2})"),
               "Idempotency-Key: k\r\n");
  };
  EXPECT_EQ(post().status, 200);
  EXPECT_EQ(ask("POST", at(id, "/rewind"), R"({"message":1})").status, 200);
  const auto again = post();
  EXPECT_EQ(again.status, 422);
  EXPECT_EQ(json::parse(again.body)["code"], "key_reused");
  EXPECT_EQ(read(id)["messages"].size(), 1u);
}

// A path that ends like a stream of a session is not one.
TEST_F(a_node_with_sessions, streams_at_its_own_paths_only) {
  start();
  const auto id = create();
  for (const auto* part : {"/other/messages", "/x%2Fmessages", "%2Fmessages"})
    EXPECT_EQ(ask("POST", at(id, part), saying("hi")).status, 404) << part;
  for (const auto* part : {"/other/events", "/messages/events"})
    EXPECT_EQ(ask("GET", at(id, part)).status, 404) << part;
}

TEST_F(a_node_with_sessions, refuses_or_queues_while_it_answers) {
  start();
  const auto id = create();
  http_client first{port};
  first.ask("POST", at(id, "/messages"),
            saying("first", R"({"records":20,"gap_ms":20})"));
  EXPECT_EQ(first.read_first_chunk().status, 200);
  const auto refused =
      ask("POST", at(id, "/messages"), saying("no", "{}", R"("when_busy":"refuse",)"));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(json::parse(refused.body)["code"], "session_busy");
  const auto second = events_of(say(id, "second", R"({"records":2})").body);
  EXPECT_EQ(second[1]["type"], "queued");
  EXPECT_EQ(second[1]["position"], 1);
  EXPECT_EQ(second.back()["type"], "done");
  const auto messages = read(id)["messages"];
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[2]["content"], "second");
  EXPECT_EQ(ollama.seen().max_in_flight, 1u);
}

TEST_F(a_node_with_sessions, keeps_what_a_cancelled_answer_said) {
  start();
  const auto id = create();
  EXPECT_EQ(ask("POST", at(id, "/cancel")).body, "{\"cancelled\":false}\n");
  http_client c{port};
  c.ask("POST", at(id, "/messages"), saying("go", R"({"records":100000,"gap_ms":5})"));
  for (int i = 0; i < 5; ++i)
    ASSERT_NE(i == 0 ? c.read_first_chunk().body : c.read_chunk(), "");
  EXPECT_EQ(ask("POST", at(id, "/cancel")).body, "{\"cancelled\":true}\n");
  std::string rest;
  for (auto part = c.read_chunk(); !part.empty(); part = c.read_chunk())
    rest = part;
  EXPECT_NE(rest.find("\"type\":\"cancelled\""), std::string::npos) << rest;
  EXPECT_EQ(ollama.wait_for_cancels(1), "");
  const auto last = read(id)["messages"].back();
  EXPECT_EQ(last["state"], "cancelled");
  EXPECT_NE(last["content"], "");
}

// The conversation lives on the node: a client that is lost misses nothing.
TEST_F(a_node_with_sessions, goes_on_without_its_client_and_lets_it_resume) {
  start();
  const auto id = create();
  std::string first;
  {
    http_client lost{port};
    lost.ask("POST", at(id, "/messages"), saying("go", R"({"records":40,"gap_ms":5})"));
    first = lost.read_first_chunk().body;
  }
  const auto seen = events_of(first).back()["seq"].get<std::uint64_t>();
  wait_for_state(id, "done");
  http_client back{port};
  back.ask("GET", at(id, "/events?from=" + std::to_string(seen + 1)));
  std::string rest = back.read_first_chunk().body;
  while (rest.find("\"type\":\"done\"") == std::string::npos) {
    const auto part = back.read_chunk();
    ASSERT_NE(part, "");
    rest += part;
  }
  auto all = events_of(first);
  for (const auto& e : events_of(rest))
    all.push_back(e);
  for (std::size_t i = 1; i < all.size(); ++i)
    EXPECT_EQ(all[i]["seq"], all[i - 1]["seq"].get<std::uint64_t>() + 1);
  EXPECT_EQ(text_of_events(all), read(id)["messages"].back()["content"]);
  EXPECT_EQ(ollama.seen().cancels, 0u);
}

TEST_F(a_node_with_sessions, speaks_as_its_client_accepts) {
  start();
  const auto id = create();
  const auto sse = ask("POST", at(id, "/messages"), saying("a", R"({"records":2})"),
                       "Accept: text/event-stream\r\n");
  EXPECT_EQ(sse.headers.at("content-type"), "text/event-stream");
  EXPECT_NE(sse.body.find("event: done\ndata: {"), std::string::npos);
  const auto whole = ask("POST", at(id, "/messages"), saying("b", R"({"records":2})"),
                         "Accept: application/json\r\n");
  script s;
  s.records = 2;
  EXPECT_EQ(json::parse(whole.body)["content"], expected_text(s)) << whole.body;
  http_client late{port};
  late.ask("GET", at(id, "/events"));
  const auto snapshot = events_of(late.read_first_chunk().body).front();
  EXPECT_EQ(snapshot["type"], "snapshot");
  EXPECT_EQ(snapshot["messages"].size(), 4u);
}

TEST_F(a_node_with_sessions, remembers_after_a_restart_and_reuses_no_number) {
  start();
  const auto id = create(R"({"model":"canned","title":"kept"})");
  const auto before = events_of(say(id, "one", R"({"records":3})").body);
  restart();
  const auto now = read(id);
  EXPECT_EQ(now["title"], "kept");
  ASSERT_EQ(now["messages"].size(), 2u);
  EXPECT_EQ(now["messages"][1]["content"], text_of_events(before));
  const auto after = events_of(say(id, "two", R"({"records":1})").body);
  EXPECT_GT(after.front()["seq"], before.back()["seq"]);
  EXPECT_EQ(read(id)["messages"].size(), 4u);
}

TEST_F(a_node_with_sessions, lists_and_deletes_them) {
  start();
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i)
    ids.push_back(create(R"({"model":"canned","title":")" + std::to_string(i) + "\"}"));
  std::set<std::string> seen;
  std::string next;
  for (int pages = 0; pages < 3; ++pages) {
    const auto page = json::parse(ask("GET", "/conductor/v1/sessions?limit=2" +
                                                 (next.empty() ? "" : "&before=" + next))
                                      .body);
    for (const auto& s : page["sessions"])
      EXPECT_TRUE(seen.insert(s["id"]).second);
    if (page["next"].is_null())
      break;
    next = page["next"];
  }
  EXPECT_EQ(seen.size(), 5u);
  EXPECT_EQ(ask("DELETE", at(ids[0])).status, 204);
  EXPECT_EQ(ask("GET", at(ids[0])).status, 404);
  EXPECT_EQ(ask("DELETE", at(ids[0])).status, 404);
}

TEST_F(a_node_with_sessions, tells_what_failed_and_stays_usable) {
  start();
  const auto id = create(R"({"model":"nobody"})");
  const auto events = events_of(say(id, "hello").body);
  EXPECT_EQ(events.back()["type"], "error");
  EXPECT_EQ(events.back()["code"], "upstream_404");
  EXPECT_NE(events.back()["detail"].get<std::string>().find("nobody"), std::string::npos);
  EXPECT_EQ(read(id)["messages"].back()["state"], "failed");
  const auto other = create();
  EXPECT_EQ(
      events_of(say(other, "a", R"({"records":5,"error_after":2})").body).back()["type"],
      "error");
  EXPECT_EQ(events_of(say(other, "b", R"({"records":2})").body).back()["type"], "done");
}

TEST_F(a_node_with_sessions, names_what_is_wrong_with_a_request) {
  start();
  const auto create_with = [&](const char* body) {
    const auto a = ask("POST", "/conductor/v1/sessions", body);
    EXPECT_EQ(a.status, 400) << a.body;
    return json::parse(a.body)["detail"].get<std::string>();
  };
  EXPECT_NE(create_with("[]").find("JSON object"), std::string::npos);
  EXPECT_NE(create_with("{}").find("\"model\" is missing"), std::string::npos);
  EXPECT_NE(create_with(R"({"model":"m","modle":1})").find("modle"), std::string::npos);
  const auto id = create();
  EXPECT_EQ(ask("POST", at(id, "/messages"), R"({"content":7})").status, 400);
  EXPECT_EQ(ask("POST", at("nothing", "/messages"), R"({"content":"x"})").status, 404);
  EXPECT_EQ(ask("GET", at(id, "/events?from=x")).status, 400);
  EXPECT_EQ(ask("GET", "/conductor/v1/sessions?limit=0").status, 400);
  EXPECT_EQ(ask("PUT", at(id)).status, 405);
}

TEST_F(a_node_with_sessions, changes_what_was_seen_and_nothing_else) {
  start();
  const auto id = create(R"({"model":"canned","options":{"seed":1},"metadata":{"a":1}})");
  const auto seen = ask("GET", at(id));
  EXPECT_EQ(seen.headers.at("etag"), "\"1\"");
  EXPECT_EQ(ask("GET", at(id), {}, "If-None-Match: \"1\"\r\n").status, 304);
  const auto changed = ask(
      "PATCH", at(id), R"({"title":"T","options":{"seed":null,"top_k":5},"think":true})",
      "If-Match: \"1\"\r\n");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(changed.headers.at("etag"), "\"2\"");
  const auto now = json::parse(changed.body);
  EXPECT_EQ(now["title"], "T");
  EXPECT_EQ(now["options"], json::parse(R"({"top_k":5})"));
  EXPECT_EQ(now["metadata"], json::parse(R"({"a":1})"));
  const auto late = ask("PATCH", at(id), R"({"title":"U"})", "If-Match: \"1\"\r\n");
  EXPECT_EQ(late.status, 412);
  EXPECT_EQ(json::parse(late.body)["code"], "version_mismatch");
  EXPECT_EQ(ask("DELETE", at(id), {}, "If-Match: \"1\"\r\n").status, 412);
  EXPECT_EQ(ask("PATCH", at(id), "{}", "If-Match: 1\r\n").status, 400);
}

TEST_F(a_node_with_sessions, does_once_what_is_asked_twice) {
  start();
  const auto* body = R"({"model":"canned","title":"once"})";
  const auto first =
      ask("POST", "/conductor/v1/sessions", body, "Idempotency-Key: a\r\n");
  const auto second =
      ask("POST", "/conductor/v1/sessions", body, "Idempotency-Key: a\r\n");
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(second.status, 200);
  const std::string id = json::parse(first.body)["id"];
  EXPECT_EQ(json::parse(second.body)["id"], id);
  EXPECT_EQ(ask("POST", "/conductor/v1/sessions", R"({"model":"other"})",
                "Idempotency-Key: a\r\n")
                .status,
            422);
  const auto once = ask("POST", at(id, "/messages"), saying("hi", R"({"records":3})"),
                        "Idempotency-Key: m\r\n");
  const auto again = ask("POST", at(id, "/messages"), saying("hi", R"({"records":3})"),
                         "Idempotency-Key: m\r\n");
  EXPECT_EQ(once.body, again.body);
  const auto asked = ollama.requests();
  EXPECT_EQ(std::count_if(asked.begin(), asked.end(),
                          [](const auto& r) { return r.route == "/api/chat"; }),
            1);
  restart();
  const auto later =
      events_of(ask("POST", at(id, "/messages"), saying("hi", R"({"records":3})"),
                    "Idempotency-Key: m\r\n")
                    .body);
  EXPECT_EQ(later.front()["type"], "snapshot");
  EXPECT_EQ(later.back()["type"], "done");
}

TEST_F(a_node_with_sessions, forks_goes_back_and_answers_anew) {
  start();
  const auto id = create();
  say(id, "one", R"({"records":1})");
  say(id, "two", R"({"records":2})");
  const auto forked = ask("POST", at(id, "/fork"), R"({"message":2,"title":"F"})");
  ASSERT_EQ(forked.status, 201) << forked.body;
  const std::string copy = json::parse(forked.body)["id"];
  EXPECT_EQ(read(copy)["messages"].size(), 2u);
  EXPECT_EQ(read(copy)["forked_from"]["session"], id);
  EXPECT_EQ(ask("POST", at(id, "/fork"), R"({"message":9})").status, 409);
  const auto again = events_of(
      ask("POST", at(id, "/regenerate"), R"({"options":{"script":{"records":5}}})").body);
  EXPECT_EQ(again.back()["usage"]["completion_tokens"], 5);
  EXPECT_EQ(read(id)["messages"].size(), 4u);
  EXPECT_EQ(ask("POST", at(id, "/rewind"), R"({"message":2})").status, 200);
  EXPECT_EQ(read(id)["messages"].size(), 2u);
  EXPECT_EQ(ask("POST", at(id, "/rewind"), R"({"message":3})").status, 400);
  restart();
  EXPECT_EQ(read(id)["messages"].size(), 2u);
  EXPECT_EQ(read(copy)["title"], "F");
}

TEST_F(a_node_with_sessions, takes_back_what_it_gave_out) {
  start();
  const auto id = create(R"({"model":"canned","title":"Trip","system":"Be brief.",)"
                         R"("format":"json","tools":[],"metadata":{"k":"v"}})");
  ask("POST", at(id, "/messages"),
      R"({"content":"look","images":["aGk="],"options":{"script":{"records":2}}})");
  const auto given = ask("GET", at(id, "/export"));
  const auto made = ask("POST", "/conductor/v1/sessions", given.body);
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string copy = json::parse(made.body)["id"];
  auto one = json::parse(given.body);
  auto two = json::parse(ask("GET", at(copy, "/export")).body);
  for (const auto* own : {"id", "version", "created_at", "updated_at"}) {
    one.erase(own);
    two.erase(own);
  }
  EXPECT_EQ(one, two);
  EXPECT_EQ(two["messages"][0]["images"][0], "aGk=");
  EXPECT_EQ(json::parse(ask("GET", at(copy, "/messages/1")).body)["images"][0], "aGk=");
  EXPECT_EQ(read(copy)["messages"][0]["images"], 1);
  const auto text = ask("GET", at(id, "/export?as=markdown")).body;
  EXPECT_TRUE(text.starts_with("# Trip\n")) << text;
  EXPECT_NE(text.find("## user\n\nlook"), std::string::npos);
}

TEST_F(a_node_with_sessions, passes_the_results_of_tools_on) {
  start();
  const auto id = create();
  say(id, "weather?", R"({"records":1})");
  const auto a = ask("POST", at(id, "/messages"),
                     R"({"messages":[{"role":"tool","tool_name":"w","content":"sun"},)"
                     R"({"role":"tool","tool_name":"t","content":"20"}],)"
                     R"("format":{"type":"object"}})");
  EXPECT_EQ(a.status, 200) << a.body;
  const auto sent = json::parse(last_request("/api/chat").body);
  ASSERT_EQ(sent["messages"].size(), 4u);
  EXPECT_EQ(sent["messages"][3]["tool_name"], "t");
  EXPECT_EQ(sent["format"]["type"], "object");
  EXPECT_EQ(read(id)["messages"].size(), 5u);
}

TEST_F(a_node_with_sessions, finds_them_by_model_title_and_metadata) {
  start();
  const auto red = create(R"({"model":"canned","title":"Red Fox","metadata":{"n":7}})");
  create(R"({"model":"thinker","title":"blue"})");
  const auto found = [&](const std::string& query) {
    return json::parse(ask("GET", "/conductor/v1/sessions?" + query).body)["sessions"];
  };
  EXPECT_EQ(found("").size(), 2u);
  for (const auto* query : {"model=canned", "q=red%20f", "metadata.n=7"}) {
    ASSERT_EQ(found(query).size(), 1u) << query;
    EXPECT_EQ(found(query)[0]["id"], red);
  }
  EXPECT_EQ(ask("GET", "/conductor/v1/sessions?colour=red").status, 400);
}

TEST_F(a_node_with_sessions, copies_its_store_while_it_runs) {
  start();
  const auto id = create(R"({"model":"canned","title":"saved"})");
  const auto copy = ask("GET", "/conductor/v1/backup");
  EXPECT_TRUE(copy.whole);
  EXPECT_EQ(copy.headers.at("content-type"), "application/vnd.sqlite3");
  ASSERT_TRUE(copy.body.starts_with("SQLite format 3"));
  EXPECT_EQ(std::to_string(copy.body.size()), copy.headers.at("content-length"));
  EXPECT_NE(copy.body.find(id), std::string::npos);
}

TEST_F(a_node_with_sessions, lists_and_ends_every_answer_in_flight) {
  start();
  const auto id = create();
  http_client plain{port};
  plain.ask("POST", "/api/generate", generate(R"({"records":100000,"gap_ms":5})"),
            "X-Request-Id: plain-one\r\n");
  EXPECT_EQ(plain.read_first_chunk().status, 200);
  http_client turn{port};
  turn.ask("POST", at(id, "/messages"), saying("go", R"({"records":100000,"gap_ms":5})"),
           "X-Request-Id: turn-one\r\n");
  while (turn.read_first_chunk().body.empty()) {
  }
  const auto until = std::chrono::steady_clock::now() + 10s;
  json all;
  do
    all = json::parse(ask("GET", "/conductor/v1/generations").body)["generations"];
  while (all.size() < 2 && std::chrono::steady_clock::now() < until);
  ASSERT_EQ(all.size(), 2u) << all;
  const auto one = json::parse(ask("GET", "/conductor/v1/generations/turn-one").body);
  EXPECT_EQ(one["session"], id);
  EXPECT_EQ(one["state"], "running");
  for (const auto* name : {"plain-one", "turn-one"})
    EXPECT_EQ(
        ask("POST", std::string{"/conductor/v1/generations/"} + name + "/cancel").body,
        "{\"cancelled\":true}\n");
  EXPECT_EQ(ollama.wait_for_cancels(2), "");
  wait_for_state(id, "cancelled");
  EXPECT_EQ(ask("GET", "/conductor/v1/generations/turn-one").status, 404);
  EXPECT_EQ(ask("POST", "/conductor/v1/generations/turn-one/cancel").body,
            "{\"cancelled\":false}\n");
}

// A turn whose client has left ends in order before the node does.
TEST_F(a_node_with_sessions, waits_for_its_turns_when_it_stops) {
  start();
  const auto id = create();
  {
    http_client lost{port};
    lost.ask("POST", at(id, "/messages"), saying("go", R"({"records":60,"gap_ms":10})"));
    EXPECT_EQ(lost.read_first_chunk().status, 200);
  }
  restart();
  EXPECT_EQ(read(id)["messages"].back()["state"], "done");
}

// A store that cannot be written refuses what needs it, and nothing else.
TEST_F(a_node_with_sessions, serves_on_without_a_store) {
  values.data_dir = "/proc/nowhere";
  start();
  const auto a = ask("POST", "/conductor/v1/sessions", R"({"model":"canned"})");
  EXPECT_EQ(a.status, 503);
  EXPECT_EQ(json::parse(a.body)["code"], "store_failed");
  EXPECT_TRUE(ask("POST", "/api/generate", generate()).whole);
}

} // namespace
} // namespace conductor::test
