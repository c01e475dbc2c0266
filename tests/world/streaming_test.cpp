#include "tests/world/world_fixture.hpp"

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

// Every dialect, streamed: the client gets what Ollama said, record for record.
TEST_F(a_node, passes_every_stream_unchanged) {
  start();
  const std::string chat =
      R"("model":"thinker","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}])";
  struct {
    const char* path;
    std::string body;
    const char* last;
  } cases[] = {
      {"/api/generate", generate(), "\"done\":true"},
      {"/api/chat", "{" + chat + "}", "\"done\":true"},
      {"/v1/chat/completions", "{" + chat + "}", "data: [DONE]"},
      {"/v1/completions", R"({"model":"canned","stream":true,"prompt":"x"})",
       "data: [DONE]"},
      {"/v1/responses", R"({"model":"canned","stream":true,"input":"x"})",
       "response.completed"},
      {"/v1/messages", "{" + chat + "}", "message_stop"},
      {"/api/pull", R"({"model":"new"})", "success"},
  };
  for (const auto& c : cases) {
    const auto a = ask("POST", c.path, c.body);
    EXPECT_EQ(a.status, 200) << c.path << a.body;
    EXPECT_TRUE(a.whole) << c.path << a.problem;
    EXPECT_NE(a.body.find(c.last), std::string::npos) << c.path << a.body;
    EXPECT_EQ(a.headers.at("x-conductor-backend"), "one");
    EXPECT_EQ(a.headers.at("x-accel-buffering"), "no");
    EXPECT_FALSE(a.headers.at("x-request-id").empty());
    const bool sse = a.headers.at("content-type").starts_with("text/event-stream");
    for (const auto& chunk : a.chunks)
      EXPECT_TRUE(chunk.ends_with(sse ? "\n\n" : "\n"))
          << c.path << " cut inside a record";
  }
  EXPECT_EQ(text_of(ask("POST", "/api/generate", generate()).body), canned_text());
}

// Ollama's bytes arrive one by one; the client still gets whole records, byte for byte.
TEST_F(a_node, mends_records_that_arrive_in_pieces) {
  start();
  for (const auto* split : {"1", "3", "7"}) {
    const auto a =
        ask("POST", "/api/generate",
            generate(std::string{R"({"text":"中文 ä😀 \"x\" ","records":5,"split":)"} +
                     split + "}"));
    EXPECT_EQ(a.status, 200);
    script s;
    s.text = "中文 ä😀 \"x\" ";
    s.records = 5;
    EXPECT_EQ(text_of(a.body), expected_text(s)) << split;
    for (const auto& chunk : a.chunks)
      EXPECT_TRUE(chunk.ends_with("\n"));
  }
}

// The first record is with the client while Ollama is still in the middle of its answer.
TEST_F(a_node, passes_each_record_when_it_comes) {
  start();
  http_client c{port};
  c.ask("POST", "/api/generate", generate(R"({"records":2,"gap_ms":400})"));
  const auto a = c.read_first_chunk();
  EXPECT_EQ(a.status, 200);
  EXPECT_NE(a.body.find("\"response\""), std::string::npos);
  EXPECT_EQ(ollama.seen().open_streams, 1u) << "the first record was held back";
  EXPECT_FALSE(c.read_chunk().empty());
}

// B9: a burst of thousands of records loses none, for a reader that starts late.
TEST_F(a_node, loses_nothing_in_a_burst) {
  start();
  const auto body = generate(R"({"records":6000,"size":12})");
  http_client slow{port};
  slow.ask("POST", "/api/generate", body);
  EXPECT_EQ(ollama.wait_for_requests(1), "");
  const auto fast = ask("POST", "/api/generate", body);
  const auto late = slow.read_answer();
  script s;
  s.records = 6000;
  s.size = 12;
  EXPECT_EQ(text_of(fast.body), expected_text(s));
  EXPECT_EQ(text_of(late.body), expected_text(s));
  EXPECT_EQ(lines_of(late.body).size(), 6001u);
}

// A client that does not read holds no slot: Ollama's answer ends all the same.
TEST_F(a_node, frees_ollama_from_a_reader_that_stalls) {
  start();
  http_client stalled{port};
  stalled.ask("POST", "/api/generate", generate(R"({"records":20000,"size":200})"));
  EXPECT_EQ(ollama.wait_for_requests(1), "");
  EXPECT_EQ(ollama.wait_for_in_flight(0), "");
  EXPECT_EQ(ollama.seen().cancels, 0u);
  const auto a = stalled.read_answer();
  EXPECT_TRUE(a.whole) << a.problem;
  EXPECT_EQ(lines_of(a.body).size(), 20001u);
}

// Under `hold` the same client makes Ollama wait, and still gets everything.
TEST_F(a_node, makes_ollama_wait_where_hold_is_set) {
  values.stream.slow = slow_reader::hold;
  values.stream.window_bytes = 16 * 1024;
  start();
  http_client stalled{port};
  stalled.ask("POST", "/api/generate", generate(R"({"records":100000,"size":200})"));
  EXPECT_EQ(ollama.wait_for_open_streams(1), "");
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(ollama.seen().open_streams, 1u) << "Ollama should be blocked on its socket";
  const auto a = stalled.read_answer(false, 30s);
  EXPECT_TRUE(a.whole) << a.problem;
  EXPECT_EQ(lines_of(a.body).size(), 100001u);
}

// A reader that falls further behind than the buffer is dropped; nobody else notices.
TEST_F(a_node, drops_the_reader_that_outruns_the_buffer) {
  values.stream.buffer_bytes = 256 * 1024;
  values.stream.window_bytes = 32 * 1024;
  start();
  http_client stalled{port};
  stalled.ask("POST", "/api/generate", generate(R"({"records":100000,"size":200})"));
  EXPECT_EQ(ollama.wait_for_cancels(1), "");
  const auto other = ask("POST", "/api/generate", generate());
  EXPECT_TRUE(other.whole);
  const auto a = stalled.read_answer();
  EXPECT_NE(a.body.find("{\"error\":\"the reader fell"), std::string::npos)
      << a.body.substr(a.body.size() > 300 ? a.body.size() - 300 : 0);
}

// B3: while one request waits seconds for its first record, everybody else is served.
TEST_F(a_node, serves_others_while_one_waits_for_its_prefill) {
  start();
  http_client waits{port};
  waits.ask("POST", "/api/generate", generate(R"({"first_ms":3000})"));
  EXPECT_EQ(ollama.wait_for_in_flight(1), "");
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(ask("HEAD", "/").status, 200);
    EXPECT_TRUE(ask("POST", "/api/generate", generate(R"({"records":2})")).whole);
  }
  EXPECT_EQ(ollama.seen().in_flight, 1u)
      << "the others should all be done before the first";
  EXPECT_TRUE(waits.read_answer().whole);
}

// Many at once: each gets its own text, whole.
TEST_F(a_node, keeps_streams_apart) {
  values.runtime.lanes = 2;
  start();
  std::vector<http_client> clients;
  for (int i = 0; i < 100; ++i) {
    auto& c = clients.emplace_back(port);
    c.ask("POST", "/api/generate",
          generate(R"({"records":20,"gap_ms":2,"text":"client)" + std::to_string(i) +
                   R"( "})"));
  }
  for (int i = 0; i < 100; ++i) {
    script s;
    s.records = 20;
    s.text = "client" + std::to_string(i) + " ";
    EXPECT_EQ(text_of(clients[static_cast<std::size_t>(i)].read_answer().body),
              expected_text(s));
  }
}

// B13: connections to Ollama are used again.
TEST_F(a_node, uses_its_connections_again) {
  start();
  http_client c{port};
  for (int i = 0; i < 50; ++i) {
    c.ask("POST", "/api/generate", generate(R"({"records":1})"));
    ASSERT_TRUE(c.read_answer().whole);
  }
  EXPECT_LE(ollama.seen().connections_opened, 3u) << "one for probes, one for answers";
}

// Ollama closes an idle connection just when it is used again: asked once more, unseen.
TEST_F(a_node, survives_a_pooled_connection_that_ended) {
  start();
  ollama.next(script::parse(R"({"records":1})"));
  EXPECT_TRUE(ask("POST", "/api/generate", generate()).whole);
  script dies = script::parse(R"({"die_after":0})");
  ollama.next(dies);
  const auto a = ask("POST", "/api/generate", R"({"model":"canned","prompt":"hi"})");
  EXPECT_EQ(a.status, 200) << a.body;
  EXPECT_EQ(text_of(a.body), canned_text());
}

// stream:false and lists: status, type, length and bytes as from Ollama.
TEST_F(a_node, passes_whole_answers_unchanged) {
  start();
  ask("POST", "/api/show", R"({"model":"canned"})");
  for (const auto* path : {"/api/tags", "/api/version", "/v1/models", "/api/status"}) {
    const auto through = ask("GET", path), straight = direct("GET", path);
    EXPECT_EQ(through.status, straight.status) << path;
    EXPECT_EQ(through.body, straight.body) << path;
    EXPECT_EQ(through.headers.at("content-type"), straight.headers.at("content-type"));
  }
  const auto show = R"({"model":"canned","verbose":true})";
  EXPECT_EQ(ask("POST", "/api/show", show).body, direct("POST", "/api/show", show).body);
  const auto whole = ask("POST", "/api/generate", generate("{}", R"("stream":false,)"));
  EXPECT_EQ(nlohmann::json::parse(whole.body)["response"], canned_text());
  EXPECT_TRUE(whole.headers.contains("content-length"));
}

} // namespace
} // namespace conductor::test
