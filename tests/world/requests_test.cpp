#include "tests/world/world_fixture.hpp"

#include <set>

namespace conductor::test {
namespace {

using json = nlohmann::json;
using namespace std::chrono_literals;

/// What ended, as the node lists it; it is told an instant after the client has it all.
class a_node_that_lists : public a_node {
protected:
  json listed(const std::string& query = "") {
    return json::parse(ask("GET", "/conductor/v1/requests" + query).body)["requests"];
  }
  /// Waits until that many are listed.
  json wait_for(std::size_t n, const std::string& query = "") {
    const auto late = std::chrono::steady_clock::now() + 10s;
    auto all = listed(query);
    while (all.size() < n && std::chrono::steady_clock::now() < late)
      all = listed(query);
    EXPECT_EQ(all.size(), n);
    return all;
  }
};

TEST_F(a_node_that_lists, tells_the_last_requests_without_their_text) {
  start();
  ask("POST", "/api/generate?secret=1",
      R"({"model":"canned","prompt":"a secret","options":{"script":{"records":3}}})",
      "X-Request-Id: first\r\nX-Conductor-Class: batch\r\n");
  wait_for(1);
  ask("POST", "/api/show", R"({"model":"none"})", "X-Request-Id: second\r\n");
  wait_for(2);
  ask("GET", "/healthz");
  const auto body = ask("GET", "/conductor/v1/requests").body;
  EXPECT_EQ(body.find("secret"), std::string::npos) << body;
  const auto all = json::parse(body)["requests"];
  ASSERT_EQ(all.size(), 2u) << "what the node answers itself is not listed";
  EXPECT_EQ(all[0]["id"], "second");
  EXPECT_EQ(all[0]["status"], 404);
  EXPECT_FALSE(all[0].contains("usage"));
  const auto& r = all[1];
  EXPECT_EQ(r["id"], "first");
  EXPECT_EQ(r["method"], "POST");
  EXPECT_EQ(r["path"], "/api/generate");
  EXPECT_EQ(r["model"], "canned");
  EXPECT_EQ(r["backend"], "one");
  EXPECT_EQ(r["status"], 200);
  EXPECT_EQ(r["outcome"], "done");
  EXPECT_EQ(r["class"], "batch");
  EXPECT_EQ(r["flow"], "peer 127.0.0.1");
  EXPECT_EQ(r["usage"]["completion_tokens"], 3);
  EXPECT_GT(r["timing"]["first"], 0);
  EXPECT_GE(r["seconds"], r["timing"]["first"]);
  EXPECT_FALSE(r.contains("trace"));
}

TEST_F(a_node_that_lists, finds_by_outcome_and_model) {
  start();
  ask("POST", "/api/generate", generate());
  ask("POST", "/api/generate", R"({"model":"thinker","prompt":"x"})");
  http_client leaves{port};
  leaves.ask("POST", "/api/generate", generate(R"({"first_ms":60000})"));
  EXPECT_EQ(ollama.wait_for_in_flight(1), "");
  leaves.close();
  wait_for(3);
  EXPECT_EQ(listed("?outcome=cancelled").size(), 1u);
  EXPECT_EQ(listed("?outcome=done").size(), 2u);
  EXPECT_EQ(listed("?model=thinker").size(), 1u);
  EXPECT_EQ(listed("?model=canned:latest&outcome=done").size(), 1u);
  EXPECT_EQ(listed("?limit=1").size(), 1u);
  for (const auto* bad : {"?limit=0", "?limit=1001", "?limit=x", "?newest=1"})
    EXPECT_EQ(ask("GET", std::string{"/conductor/v1/requests"} + bad).status, 400) << bad;
  EXPECT_EQ(ask("POST", "/conductor/v1/requests").status, 405);
  EXPECT_EQ(ask("GET", "/conductor/v1/requests/").status, 404);
}

TEST_F(a_node_that_lists, keeps_as_many_as_it_is_told) {
  values.runtime.lanes = 1;
  values.log.keep_requests = 3;
  start();
  for (int i = 0; i < 5; ++i)
    ask("POST", "/api/generate", generate(R"({"records":1})"),
        "X-Request-Id: r" + std::to_string(i) + "\r\n");
  for (const auto* gone : {"r0", "r1"}) {
    const auto late = std::chrono::steady_clock::now() + 10s;
    const auto found = [&] {
      const auto all = listed();
      return std::any_of(all.begin(), all.end(),
                         [&](const auto& r) { return r["id"] == gone; });
    };
    while (found() && std::chrono::steady_clock::now() < late)
      std::this_thread::yield();
    EXPECT_FALSE(found()) << gone;
  }
  EXPECT_EQ(wait_for(3)[0]["id"], "r4");
}

// One document has both: how a request ended, and why it went where it went.
TEST_F(a_node_that_lists, tells_of_one_request_what_the_list_tells) {
  start();
  ask("POST", "/api/generate", generate(), "X-Request-Id: mine\r\n");
  const auto all = wait_for(1);
  const auto one = json::parse(ask("GET", "/conductor/v1/requests/mine").body);
  EXPECT_EQ(one["requests"], all);
  EXPECT_EQ(one["decisions"].size(), 1u);
  EXPECT_EQ(one["decisions"][0]["backend"], all[0]["backend"]);
  EXPECT_EQ(ask("GET", "/conductor/v1/requests/other").status, 404);
}

TEST_F(a_node_that_lists, tells_of_turns_of_sessions) {
  start();
  const std::string id = json::parse(
      ask("POST", "/conductor/v1/sessions", R"({"model":"canned"})").body)["id"];
  const auto path = "/conductor/v1/sessions/" + id + "/messages";
  const auto a = ask("POST", path, R"({"content":"hi"})", "X-Request-Id: turn\r\n");
  ASSERT_EQ(a.status, 200);
  const auto all = wait_for(2);
  std::set<std::string> paths;
  for (const auto& r : all) {
    EXPECT_EQ(r["id"], "turn");
    paths.insert(r["path"]);
    if (r["path"] == "/api/chat") {
      EXPECT_EQ(r["session"], id);
      EXPECT_GT(r["usage"]["completion_tokens"], 0);
    }
  }
  EXPECT_EQ(paths, (std::set<std::string>{"/api/chat", path}));
  const auto timing = json::parse(lines_of(a.body).back())["timing"];
  EXPECT_GT(timing["first"], 0);
  EXPECT_GT(timing["relay"], 0);
}

// Who says that it reads trailers gets one; nobody else sees a byte of it.
TEST_F(a_node, times_an_answer_for_who_reads_trailers) {
  start();
  const auto body = generate(R"({"records":3,"first_ms":5})");
  http_client c{port};
  c.ask("POST", "/api/generate", body, "TE: trailers\r\nConnection: TE\r\n");
  const auto a = c.read_answer();
  ASSERT_TRUE(a.whole) << a.problem;
  EXPECT_EQ(a.headers.at("trailer"), "Server-Timing");
  const auto timing = a.trailers.at("server-timing");
  for (const auto* part : {"queue;dur=", "first;dur=", "decode;dur=", "relay;dur="})
    EXPECT_NE(timing.find(part), std::string::npos) << timing;
  // The connection goes on, and the next answer is as ever.
  c.ask("POST", "/api/generate", body);
  auto plain = c.read_answer();
  EXPECT_TRUE(plain.whole) << plain.problem;
  EXPECT_TRUE(plain.trailers.empty());
  EXPECT_FALSE(plain.headers.contains("trailer"));
  EXPECT_FALSE(plain.headers.contains("server-timing"));
  EXPECT_EQ(text_of(plain.body), text_of(a.body));
  EXPECT_FALSE(last_request("/api/generate").head.field("TE"));
  // A body with a length has no trailer.
  c.ask("GET", "/api/tags", {}, "TE: trailers\r\n");
  const auto whole = c.read_answer();
  EXPECT_TRUE(whole.headers.contains("content-length"));
  EXPECT_FALSE(whole.headers.contains("server-timing"));
}

TEST_F(a_node, times_whole_answers_of_its_own_routes_in_their_heads) {
  start();
  EXPECT_TRUE(ask("GET", "/conductor/v1/status")
                  .headers.at("server-timing")
                  .starts_with("total;dur="));
  const std::string id = json::parse(
      ask("POST", "/conductor/v1/sessions", R"({"model":"canned"})").body)["id"];
  const auto turn = ask("POST", "/conductor/v1/sessions/" + id + "/messages",
                        R"({"content":"hi"})", "Accept: application/json\r\n");
  EXPECT_NE(turn.headers.at("server-timing").find("first;dur="), std::string::npos);
  EXPECT_FALSE(ask("GET", "/api/version").headers.contains("server-timing"));
  EXPECT_FALSE(ask("GET", "/healthz").headers.contains("server-timing"));
}

} // namespace
} // namespace conductor::test
