#include "tests/world/world_fixture.hpp"

namespace conductor::test {
namespace {

using json = nlohmann::json;
using namespace std::chrono_literals;

/// A node with one place, which an answer holds until it is told to end.
class a_busy_node : public a_node {
protected:
  void occupy() {
    add_backend("one", ollama.port()).parallel = 1;
    start();
    runs = std::make_unique<http_client>(port);
    runs->ask("POST", "/api/generate", generate(R"({"records":1000,"gap_ms":20})"));
    EXPECT_EQ(ollama.wait_for_open_streams(1), "");
  }
  void release() { runs->close(); }

  std::unique_ptr<http_client> wait(const std::string& prompt,
                                    const std::string& headers) {
    const auto before = waiting().size();
    auto client = std::make_unique<http_client>(port);
    client->ask("POST", "/api/generate",
                R"({"model":"canned","stream":false,"prompt":")" + prompt + "\"}",
                headers);
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (waiting().size() == before && std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
    EXPECT_EQ(waiting().size(), before + 1);
    return client;
  }
  json waiting() {
    return json::parse(ask("GET", "/conductor/v1/queue").body)["waiting"];
  }
  std::string prompts_served() {
    std::string all;
    for (const auto& r : ollama.requests())
      if (const auto asked = json::parse(r.body, nullptr, false);
          r.route == "/api/generate" && asked.contains("prompt"))
        all += asked["prompt"].get<std::string>() + " ";
    return all;
  }

  std::unique_ptr<http_client> runs;
};

TEST_F(a_busy_node, gives_a_configured_class_to_those_who_name_none) {
  values.queue.default_class = "batch";
  occupy();
  auto unnamed = wait("unnamed", "");
  auto normal = wait("normal", "X-Conductor-Class: normal\r\n");
  const auto now = waiting();
  EXPECT_EQ(now[0]["class"], "normal");
  EXPECT_EQ(now[1]["class"], "batch");
  release();
}

TEST_F(a_busy_node, serves_classes_in_order_and_tells_who_waits) {
  occupy();
  auto batch = wait("batch", "X-Conductor-Class: batch\r\n");
  auto normal = wait("normal", "X-Request-Id: n\r\n");
  auto interactive = wait("interactive", "X-Conductor-Class: interactive\r\n");
  const auto now = waiting();
  EXPECT_EQ(now[0]["class"], "interactive");
  EXPECT_EQ(now[1]["id"], "n");
  EXPECT_EQ(now[1]["flow"], "peer 127.0.0.1");
  EXPECT_EQ(now[2]["class"], "batch");
  EXPECT_EQ(now[2]["position"], 3);
  release();
  for (auto* c : {&interactive, &normal, &batch})
    EXPECT_TRUE((*c)->read_answer().whole);
  EXPECT_EQ(prompts_served(), "hi interactive normal batch ");
  EXPECT_TRUE(waiting().empty());
}

TEST_F(a_busy_node, lets_users_take_turns) {
  occupy();
  std::vector<std::unique_ptr<http_client>> all;
  for (const auto* prompt : {"a1", "a2", "a3", "a4"})
    all.push_back(wait(prompt, "X-OpenWebUI-User-Id: anna\r\n"));
  all.push_back(wait("b1", "X-OpenWebUI-User-Id: ben\r\n"));
  EXPECT_EQ(waiting()[1]["flow"], "user ben");
  release();
  for (auto& c : all)
    EXPECT_TRUE(c->read_answer().whole);
  EXPECT_EQ(prompts_served(), "hi a1 b1 a2 a3 a4 ");
}

TEST_F(a_busy_node, tells_a_session_how_far_it_is) {
  occupy();
  const auto made = ask("POST", "/conductor/v1/sessions", R"({"model":"canned"})");
  const auto path = "/conductor/v1/sessions/" +
                    json::parse(made.body)["id"].get<std::string>() + "/messages";
  auto before = wait("before", "X-Conductor-Class: interactive\r\n");
  http_client talks{port};
  talks.ask("POST", path, R"({"content":"hello"})", "X-Conductor-Class: batch\r\n");
  std::string events = talks.read_first_chunk().body;
  while (events.find("\"queued\"") == std::string::npos) {
    const auto part = talks.read_chunk();
    ASSERT_NE(part, "");
    events += part;
  }
  EXPECT_NE(events.find("\"position\":2"), std::string::npos) << events;
  EXPECT_EQ(waiting()[1]["class"], "batch");
  release();
  while (events.find("\"done\"") == std::string::npos) {
    const auto part = talks.read_chunk();
    ASSERT_NE(part, "") << events;
    events += part;
  }
  EXPECT_TRUE(before->read_answer().whole);
}

// The model is in memory: it is the one before that takes long.
TEST_F(a_busy_node, tells_a_session_of_no_load_while_it_waits_for_a_place) {
  add_backend("one", ollama.port()).parallel = 1;
  start();
  http_client loads{port};
  loads.ask("POST", "/api/generate", generate(R"({"first_ms":2500})"));
  EXPECT_EQ(ollama.wait_for_in_flight(1), "");
  const auto made = ask("POST", "/conductor/v1/sessions", R"({"model":"canned"})");
  const auto events =
      ask("POST",
          "/conductor/v1/sessions/" + json::parse(made.body)["id"].get<std::string>() +
              "/messages",
          R"({"content":"hello"})")
          .body;
  EXPECT_NE(events.find("\"queued\""), std::string::npos) << events;
  EXPECT_EQ(events.find("\"loading\""), std::string::npos) << events;
  EXPECT_NE(events.find("\"done\""), std::string::npos) << events;
  EXPECT_TRUE(loads.read_answer().whole);
}

TEST_F(a_busy_node, refuses_a_class_that_is_none) {
  start();
  const auto a =
      ask("POST", "/api/generate", generate(), "X-Conductor-Class: urgent\r\n");
  EXPECT_EQ(a.status, 400);
  EXPECT_EQ(json::parse(a.body)["error"],
            "X-Conductor-Class must be interactive, normal or batch");
}

} // namespace
} // namespace conductor::test
