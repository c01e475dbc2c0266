#include "tests/world/world_fixture.hpp"

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

// The client leaves in the middle: Ollama's connection is closed at once.
TEST_F(a_node, cancels_upstream_when_the_client_leaves) {
  start();
  {
    http_client c{port};
    c.ask("POST", "/api/generate", generate(R"({"records":100000,"gap_ms":5})"));
    EXPECT_EQ(c.read_first_chunk().status, 200);
  }
  EXPECT_EQ(ollama.wait_for_cancels(1), "");
  EXPECT_EQ(ollama.wait_for_in_flight(0), "");
}

// It leaves while the prompt is still evaluated: the same, also without a stream.
TEST_F(a_node, cancels_upstream_before_the_first_record) {
  start();
  for (const auto* more : {"", R"("stream":false,)"}) {
    const auto before = ollama.seen().cancels;
    {
      http_client c{port};
      c.ask("POST", "/api/generate", generate(R"({"first_ms":60000})", more));
      EXPECT_EQ(ollama.wait_for_in_flight(1), "");
    }
    EXPECT_EQ(ollama.wait_for_cancels(before + 1), "");
  }
}

// A half-closed client is gone, as for Ollama.
TEST_F(a_node, takes_a_half_closed_client_for_gone) {
  start();
  http_client c{port};
  c.ask("POST", "/api/generate", generate(R"({"first_ms":60000})"));
  EXPECT_EQ(ollama.wait_for_in_flight(1), "");
  c.half_close();
  EXPECT_EQ(ollama.wait_for_cancels(1), "");
}

// Ollama's own errors come through as they are.
TEST_F(a_node, passes_ollamas_errors_unchanged) {
  start();
  const std::string bodies[] = {R"({"model":"none","prompt":"x"})", "", "{oops",
                                generate(R"({"status":503,"error_text":"server busy"})"),
                                R"({"model":"canned","prompt":"x","think":true})"};
  for (const auto& body : bodies) {
    const auto through = ask("POST", "/api/generate", body);
    const auto straight = direct("POST", "/api/generate", body);
    EXPECT_EQ(through.status, straight.status) << body;
    EXPECT_EQ(through.body, straight.body) << body;
    EXPECT_GE(through.status, 400);
  }
}

// An error record inside a stream passes, and the stream ends properly.
TEST_F(a_node, passes_an_error_inside_a_stream) {
  start();
  const auto a = ask("POST", "/api/generate", generate(R"({"error_after":2})"));
  EXPECT_EQ(a.status, 200);
  EXPECT_TRUE(a.whole);
  EXPECT_EQ(lines_of(a.body).back(), R"({"error":"scripted error"})");
}

// Ollama dies after k records: the client is told in its own dialect, exactly once.
TEST_F(a_node, tells_a_death_inside_a_stream_in_every_dialect) {
  start();
  struct {
    const char* path;
    const char* body;
    const char* error;
    const char* never;
  } cases[] = {
      {"/api/generate", R"({"model":"canned","prompt":"x"})", "{\"error\":\"",
       "\"done\":true"},
      {"/api/chat", R"({"model":"canned","messages":[{"role":"user","content":"x"}]})",
       "{\"error\":\"", "\"done\":true"},
      {"/v1/chat/completions",
       R"({"model":"canned","stream":true,"messages":[{"role":"user","content":"x"}]})",
       "data: {\"error\":{", "[DONE]"},
      {"/v1/responses", R"({"model":"canned","stream":true,"input":"x"})",
       "event: response.failed", "response.completed"},
      {"/v1/messages",
       R"({"model":"canned","stream":true,"max_tokens":99,"messages":[{"role":"user","content":"x"}]})",
       "event: error", "message_stop"},
  };
  for (const auto& c : cases)
    for (const auto* fault : {R"({"die_after":2})", R"({"die_after":2,"partial":true})",
                              R"({"die_after":2,"reset":true})", R"({"no_done":true})"}) {
      // Only NDJSON can end properly without its last record.
      if (std::string_view{fault}.find("no_done") != std::string_view::npos &&
          !std::string_view{c.path}.starts_with("/api"))
        continue;
      const auto a =
          ask("POST", c.path, c.body, std::string{"X-Script: "} + fault + "\r\n");
      EXPECT_EQ(a.status, 200) << c.path << fault;
      EXPECT_TRUE(a.whole) << c.path << fault << a.problem;
      const auto at = a.body.find(c.error);
      EXPECT_NE(at, std::string::npos) << c.path << fault << a.body;
      EXPECT_EQ(a.body.find(c.error, at + 1), std::string::npos) << "told twice";
      EXPECT_EQ(a.body.find(c.never), std::string::npos) << c.path << a.body;
    }
}

// The last record came, only the end of its framing did not: the answer is whole, and no
// failure is told behind its end.
TEST_F(a_node, takes_the_last_record_for_the_end) {
  values.upstream.gap_timeout = 300ms;
  start();
  const struct {
    const char* path;
    const char* body;
    const char* last;
  } cases[] = {
      {"/api/generate", R"({"model":"canned","prompt":"x"})", "\"done\":true"},
      {"/v1/chat/completions",
       R"({"model":"canned","stream":true,"messages":[{"role":"user","content":"x"}]})",
       "data: [DONE]\n\n"}};
  for (const auto& c : cases)
    for (const auto* fault :
         {R"({"records":2,"die_after":3})", R"({"records":2,"die_after":3,"reset":true})",
          R"({"records":2,"hang_after":3})"}) {
      const auto a =
          ask("POST", c.path, c.body, std::string{"X-Script: "} + fault + "\r\n");
      EXPECT_EQ(a.status, 200) << c.path << fault;
      EXPECT_TRUE(a.whole) << c.path << fault << a.problem;
      EXPECT_NE(a.body.find(c.last), std::string::npos) << c.path << fault << a.body;
      EXPECT_EQ(a.body.find("error"), std::string::npos) << c.path << fault << a.body;
    }
  EXPECT_EQ(text_of(ask("POST", "/api/generate", generate()).body), canned_text());
}

// It dies before anything was said: a proper status, in the dialect.
TEST_F(a_node, tells_a_death_before_the_first_record_by_its_status) {
  start();
  for (int i = 0; i < 3; ++i)
    ollama.next(script::parse(R"({"die_after":0})"));
  const auto a = ask("POST", "/api/generate", R"({"model":"canned","prompt":"x"})");
  EXPECT_EQ(a.status, 502) << a.body;
  EXPECT_NE(nlohmann::json::parse(a.body)["error"].get<std::string>().find("Ollama at"),
            std::string::npos);
}

// Bytes that are no HTTP: told, the connection is not used again, others are not
// disturbed.
TEST_F(a_node, survives_garbage) {
  start();
  const auto a = ask("POST", "/api/generate",
                     generate(R"({"garbage_after":1,"garbage_frame":true})"));
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(lines_of(a.body).back().substr(0, 9), "{\"error\":") << a.body;
  EXPECT_EQ(text_of(ask("POST", "/api/generate", generate()).body), canned_text());
}

// Ollama stays silent: told after the configured gap, and the slot is given up.
TEST_F(a_node, gives_up_on_silence_only_where_configured) {
  values.upstream.gap_timeout = 300ms;
  values.upstream.first_byte_timeout = 400ms;
  start();
  const auto inside = ask("POST", "/api/generate", generate(R"({"hang_after":2})"));
  EXPECT_NE(inside.body.find("upstream.gap_timeout"), std::string::npos) << inside.body;
  const auto before = ask("POST", "/api/generate", generate(R"({"hang":true})"));
  EXPECT_EQ(before.status, 504) << before.body;
  EXPECT_EQ(ollama.wait_for_cancels(2), "");
}

// No backend: a clear error that names it; it is found again as soon as it is there.
TEST_F(a_node, names_the_backend_that_does_not_answer) {
  std::uint16_t free_port = 0;
  { free_port = scripted_ollama{}.port(); }
  add_backend("gone", free_port);
  start();
  const auto a = ask("POST", "/api/generate", generate());
  EXPECT_EQ(a.status, 503);
  EXPECT_NE(a.body.find("gone"), std::string::npos) << a.body;
  EXPECT_NE(a.body.find("Connection refused"), std::string::npos) << a.body;
  EXPECT_EQ(ask("GET", "/").body, "Ollama is running") << "the node itself is up";
  EXPECT_EQ(ask("GET", "/readyz").status, 503);
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  const auto openai = ask("POST", "/v1/chat/completions",
                          R"({"model":"m","messages":[{"role":"user","content":"x"}]})");
  EXPECT_TRUE(nlohmann::json::parse(openai.body)["error"].is_object()) << openai.body;
  scripted_ollama_options o;
  o.port = free_port;
  scripted_ollama back{o};
  EXPECT_EQ(text_of(ask("POST", "/api/generate", generate()).body), canned_text());
}

// Two backends, the first one dead: the second serves, the client sees no trace.
TEST_F(a_node, turns_to_the_next_backend_before_the_first_record) {
  std::uint16_t free_port = 0;
  { free_port = scripted_ollama{}.port(); }
  add_backend("dead", free_port);
  add_backend("alive", ollama.port());
  start();
  for (int i = 0; i < 5; ++i) {
    const auto a = ask("POST", "/api/generate", generate());
    EXPECT_EQ(a.status, 200) << a.body;
    EXPECT_EQ(a.headers.at("x-conductor-backend"), "alive");
  }
  EXPECT_EQ(ask("GET", "/api/tags").status, 200);
}

// A pinned backend is kept to, or refused by name.
TEST_F(a_node, keeps_to_a_pinned_backend) {
  scripted_ollama other;
  std::uint16_t free_port = 0;
  { free_port = scripted_ollama{}.port(); }
  add_backend("one", ollama.port());
  add_backend("two", other.port());
  add_backend("dead", free_port);
  start();
  const auto two =
      ask("POST", "/api/generate", generate(), "X-Conductor-Backend: two\r\n");
  EXPECT_EQ(two.headers.at("x-conductor-backend"), "two");
  const auto none =
      ask("POST", "/api/generate", generate(), "X-Conductor-Backend: x\r\n");
  EXPECT_EQ(none.status, 400);
  EXPECT_NE(none.body.find("one, two, dead"), std::string::npos) << none.body;
  const auto dead =
      ask("POST", "/api/generate", generate(), "X-Conductor-Backend: dead\r\n");
  EXPECT_GE(dead.status, 502);
  EXPECT_NE(dead.body.find("dead"), std::string::npos) << dead.body;
}

// Nobody waits for a load where another server has the model already.
TEST_F(a_node, goes_where_the_model_is_loaded) {
  scripted_ollama other;
  add_backend("one", ollama.port());
  add_backend("two", other.port());
  start();
  EXPECT_EQ(
      ask("POST", "/api/generate", generate(), "X-Conductor-Backend: two\r\n").status,
      200);
  const auto looks = [&] {
    const auto all = other.requests();
    return std::count_if(all.begin(), all.end(),
                         [](const auto& r) { return r.route == "/api/ps"; });
  };
  const auto before = looks();
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (looks() < before + 2 && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  EXPECT_EQ(ask("POST", "/api/generate", generate()).headers.at("x-conductor-backend"),
            "two");
}

TEST_F(a_node, sends_a_conversation_where_its_prompt_is_cached) {
  scripted_ollama other;
  add_backend("one", ollama.port());
  add_backend("two", other.port());
  start();
  for (const std::size_t i : {0, 1})
    while (status()["backends"][i]["state"] != "up")
      std::this_thread::yield();
  const auto went = [&](const std::string& headers) {
    return ask("POST", "/api/generate", generate(), headers)
        .headers.at("x-conductor-backend");
  };
  EXPECT_EQ(went(""), "one");
  went("X-Conductor-Session: s\r\nX-Conductor-Backend: two\r\n");
  EXPECT_EQ(went("X-Conductor-Session: s\r\n"), "two");
  went("X-OpenWebUI-Chat-Id: chat\r\nX-Conductor-Backend: two\r\n");
  EXPECT_EQ(went("X-OpenWebUI-Chat-Id: chat\r\n"), "two");
  const auto other_went = went("X-Conductor-Session: other\r\n");
  EXPECT_EQ(went("X-Conductor-Session: other\r\n"), other_went);
}

// What one backend refuses before its first record, another may serve.
TEST_F(a_node, asks_another_backend_where_one_refuses) {
  scripted_ollama two;
  add_backend("one", ollama.port());
  add_backend("two", two.port());
  start();
  const auto wait_until_up = [&](std::size_t i) {
    while (status()["backends"][i]["state"] != "up")
      std::this_thread::yield();
  };
  wait_until_up(0);
  wait_until_up(1);
  script busy;
  busy.status = 503;
  ollama.always("/api/generate", busy);
  const auto a = ask("POST", "/api/generate", generate());
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.headers.at("x-conductor-backend"), "two");
  EXPECT_EQ(text_of(a.body), canned_text());
  EXPECT_NE(ask("GET", "/metrics").body.find("conductor_moved_on_total 1"),
            std::string::npos);
  // Where nobody serves, the client gets what Ollama said.
  busy.error_text = "server two is busy";
  two.always("/api/generate", busy);
  const auto none = ask("POST", "/api/generate", generate());
  EXPECT_EQ(none.status, 503);
  EXPECT_EQ(none.body, direct("POST", "/api/generate", generate()).body);
}

// The places of a backend are kept to; the rest waits here, and who leaves frees his
// turn.
TEST_F(a_node, holds_back_what_has_no_place) {
  add_backend("one", ollama.port()).parallel = 1;
  values.queue.limit = 2;
  start();
  http_client runs{port}, waits{port}, leaves{port};
  runs.ask("POST", "/api/generate", generate(R"({"records":40,"gap_ms":10})"));
  EXPECT_EQ(ollama.wait_for_open_streams(1), "");
  leaves.ask("POST", "/api/generate", generate());
  waits.ask("POST", "/api/generate", generate());
  while (status()["queue"]["waiting"] != 2)
    std::this_thread::yield();
  const auto full = ask("POST", "/api/generate", generate());
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(
      full.body,
      R"({"error":"server busy, please try again.  maximum pending requests exceeded"})");
  EXPECT_TRUE(full.headers.contains("retry-after"));
  EXPECT_EQ(ask("GET", "/api/tags").status, 200) << "what takes no place passes";
  leaves.close();
  EXPECT_TRUE(runs.read_answer().whole);
  EXPECT_EQ(text_of(waits.read_answer().body), canned_text());
  EXPECT_EQ(ollama.seen().max_in_flight, 1u);
}

// Stopping: no new connection, the answer in flight ends, the node is down.
TEST_F(a_node, finishes_what_is_in_flight_when_it_stops) {
  start();
  http_client c{port};
  c.ask("POST", "/api/generate", generate(R"({"records":30,"gap_ms":10})"));
  auto first = c.read_first_chunk();
  begin_stop();
  std::string rest = first.body;
  for (auto more = c.read_chunk(); !more.empty(); more = c.read_chunk())
    rest += more;
  EXPECT_NE(rest.find("\"done\":true"), std::string::npos);
  stopped();
  EXPECT_THROW(http_client{port}, std::runtime_error);
}

// Stopping with the drain limit passed: the answer ends with an error, in order.
TEST_F(a_node, ends_with_an_error_what_outlasts_the_drain) {
  values.server.drain = 200ms;
  start();
  http_client c{port};
  c.ask("POST", "/api/generate", generate(R"({"records":100000,"gap_ms":10})"));
  auto body = c.read_first_chunk().body;
  begin_stop();
  for (auto more = c.read_chunk(); !more.empty(); more = c.read_chunk())
    body += more;
  EXPECT_NE(body.find("{\"error\":\"the node is stopping\"}"), std::string::npos)
      << body.substr(body.size() > 200 ? body.size() - 200 : 0);
  stopped();
  EXPECT_EQ(ollama.wait_for_cancels(1), "");
}

} // namespace
} // namespace conductor::test
