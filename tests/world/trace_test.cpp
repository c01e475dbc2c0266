#include "tests/support/collector.hpp"
#include "tests/world/world_fixture.hpp"

#include "messages/trace.hpp"

#include <map>
#include <optional>

namespace conductor::test {
namespace {

using json = nlohmann::json;
using namespace std::chrono_literals;

const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string caller = "00f067aa0ba902b7";
const std::string traceparent =
    "traceparent: 00-" + trace + "-" + caller + "-01\r\ntracestate: vendor=1\r\n";

/// A node whose spans go to a collector.
class a_traced_node : public a_node {
protected:
  a_traced_node() {
    values.trace.collector = {endpoint::kind::tcp, "127.0.0.1", spans_to->port(), ""};
    values.trace.interval = 50ms;
    values.upstream.loads = false; // a first request would wait for one, or not
  }

  /// By name, the spans of that trace; each once.
  std::map<std::string, json> spans_of(const std::string& id) {
    std::map<std::string, json> found;
    for (const auto& s : spans_to->spans())
      if (s["traceId"] == id) {
        EXPECT_TRUE(found.emplace(s["name"], s).second) << "twice: " << s["name"];
      }
    return found;
  }
  static std::string attribute(const json& span, const std::string& key) {
    for (const auto& a : span["attributes"])
      if (a["key"] == key)
        return a["value"].begin().value().dump();
    return {};
  }
  static std::int64_t time(const json& span, const char* key) {
    return std::stoll(span[key].get<std::string>());
  }
  static std::int64_t begin(const json& s) { return time(s, "startTimeUnixNano"); }
  static std::int64_t end(const json& s) { return time(s, "endTimeUnixNano"); }

  /// `conductor_spans_total` with that result.
  std::uint64_t counted(const std::string& result) {
    const auto text = ask("GET", "/metrics").body;
    const auto name = "conductor_spans_total{result=\"" + result + "\"} ";
    const auto at = text.find(name);
    EXPECT_NE(at, std::string::npos) << result;
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size()));
  }
  template <class Condition>
  static void until(Condition true_at_last) {
    const auto late = std::chrono::steady_clock::now() + 10s;
    while (!true_at_last() && std::chrono::steady_clock::now() < late)
      std::this_thread::yield();
    EXPECT_TRUE(true_at_last());
  }

  std::optional<collector> spans_to{std::in_place};
};

// The caller's span, ours below it, the phases below ours, and Ollama below one of these.
TEST_F(a_traced_node, tells_its_part_of_the_callers_trace) {
  start();
  const auto a = ask("POST", "/api/chat",
                     R"({"model":"canned","messages":[{"role":"user","content":"hi"}],
              "options":{"script":{"records":5,"first_ms":20,"gap_ms":5}}})",
                     traceparent + "X-Request-Id: traced\r\n");
  ASSERT_TRUE(a.whole) << a.problem;
  ASSERT_EQ(spans_to->wait_for_spans(4), "");
  auto all = spans_of(trace);
  ASSERT_TRUE(all.contains("chat canned")) << json(all);
  const auto own = all.at("chat canned");
  EXPECT_EQ(own["parentSpanId"], caller);
  EXPECT_EQ(own["traceState"], "vendor=1");
  EXPECT_EQ(own["kind"], 2);
  EXPECT_EQ(attribute(own, "conductor.request.id"), "\"traced\"");
  EXPECT_EQ(attribute(own, "conductor.backend"), "\"one\"");
  EXPECT_EQ(attribute(own, "gen_ai.operation.name"), "\"chat\"");
  EXPECT_NE(attribute(own, "gen_ai.usage.output_tokens"), "");
  EXPECT_NE(attribute(own, "gen_ai.response.finish_reasons").find("stop"),
            std::string::npos);
  for (const auto* phase : {"queue", "upstream", "relay"}) {
    ASSERT_TRUE(all.contains(phase)) << phase;
    const auto& s = all.at(phase);
    EXPECT_EQ(s["parentSpanId"], own["spanId"]) << phase;
    EXPECT_GE(begin(s), begin(own)) << phase;
    EXPECT_LE(end(s), end(own)) << phase;
  }
  const auto &queue = all.at("queue"), &upstream = all.at("upstream"),
             &relay = all.at("relay");
  EXPECT_LE(end(queue), begin(upstream));
  const auto first = time(upstream["events"][0], "timeUnixNano");
  EXPECT_EQ(upstream["events"][0]["name"], "first_token");
  EXPECT_GT(first, begin(upstream));
  EXPECT_LT(first, end(upstream));
  EXPECT_EQ(begin(relay), first);
  EXPECT_GE(end(relay), end(upstream));

  const auto asked = last_request("/api/chat").head;
  const auto told = parse_traceparent(asked.field("traceparent").value_or(""));
  ASSERT_TRUE(told);
  EXPECT_EQ(trace_id(*told), trace);
  EXPECT_EQ(hex_digits(told->parent), upstream["spanId"]);
  EXPECT_TRUE(told->sampled);
  EXPECT_EQ(asked.field("tracestate"), "vendor=1");
  until([&] { return counted("exported") == 4; });
  EXPECT_EQ(counted("dropped"), 0u);
}

// The wall's clock is right to the second.
TEST_F(a_traced_node, tells_when_it_was) {
  const auto now = [] {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  start();
  const auto before = now() - 1'000'000;
  ask("POST", "/api/generate", generate(), traceparent);
  ASSERT_EQ(spans_to->wait_for_spans(4), "");
  for (const auto& s : spans_to->spans()) {
    EXPECT_GT(begin(s), before);
    EXPECT_LT(end(s), now() + 1'000'000);
  }
}

TEST_F(a_traced_node, makes_no_spans_of_what_nobody_wants_sampled) {
  values.trace.sample = 0;
  start();
  ask("POST", "/api/generate", generate());
  const auto unwanted =
      parse_traceparent(last_request("/api/generate").head.field("traceparent").value());
  ASSERT_TRUE(unwanted);
  EXPECT_FALSE(unwanted->sampled);
  ask("POST", "/api/generate", generate(),
      "traceparent: 00-" + trace + "-" + caller + "-00\r\n");
  ask("POST", "/api/generate", generate(),
      "traceparent: 00-11111111111111111111111111111111-" + caller + "-01\r\n");
  ASSERT_EQ(spans_to->wait_for_spans(4), "");
  for (const auto& s : spans_to->spans())
    EXPECT_EQ(s["traceId"], "11111111111111111111111111111111");
}

// A turn of a session has the spans of an answer; its trace is that of who asked for it.
TEST_F(a_traced_node, tells_of_turns_too) {
  start();
  const auto made = ask("POST", "/conductor/v1/sessions", R"({"model":"canned"})");
  const std::string id = json::parse(made.body)["id"];
  const auto a = ask("POST", "/conductor/v1/sessions/" + id + "/messages",
                     R"({"content":"hi"})", traceparent);
  ASSERT_EQ(a.status, 200) << a.body;
  ASSERT_EQ(spans_to->wait_for_spans(4), "");
  auto all = spans_of(trace);
  ASSERT_TRUE(all.contains("chat canned")) << json(all);
  const auto own = all.at("chat canned");
  EXPECT_EQ(own["parentSpanId"], caller);
  EXPECT_EQ(attribute(own, "conductor.session.id"), json(id).dump());
  for (const auto* phase : {"queue", "upstream", "relay"})
    EXPECT_EQ(all.at(phase)["parentSpanId"], own["spanId"]) << phase;
  EXPECT_EQ(all.size(), 4u);
  const auto told =
      parse_traceparent(last_request("/api/chat").head.field("traceparent").value());
  ASSERT_TRUE(told);
  EXPECT_EQ(hex_digits(told->parent), all.at("upstream")["spanId"]);
}

// Waiting for a place and for a model are spans of their own.
TEST_F(a_traced_node, tells_what_an_answer_waited_for) {
  values.upstream.loads = true;
  script slow;
  slow.load = 200ms;
  ollama.always("load", slow);
  start();
  until([&] { return status()["backends"][0]["state"] == "up"; });
  ask("POST", "/api/generate", generate(), traceparent);
  ASSERT_EQ(spans_to->wait_for_spans(5), "");
  auto all = spans_of(trace);
  ASSERT_TRUE(all.contains("load")) << json(all);
  EXPECT_GE(end(all.at("load")) - begin(all.at("load")), 200'000'000);
  EXPECT_LE(end(all.at("load")), begin(all.at("upstream")));
  EXPECT_GE(begin(all.at("load")), begin(all.at("queue")));
}

// A client that leaves has its spans too, up to where it left.
TEST_F(a_traced_node, tells_of_who_left) {
  start();
  http_client leaves{port};
  leaves.ask("POST", "/api/generate", generate(R"({"records":100,"gap_ms":50})"),
             traceparent);
  EXPECT_FALSE(leaves.read_first_chunk().body.empty());
  leaves.close();
  ASSERT_EQ(spans_to->wait_for_spans(4), "");
  const auto own = spans_of(trace).at("text_completion canned");
  EXPECT_EQ(attribute(own, "conductor.outcome"), "\"cancelled\"");
}

// Each attempt is told; the one that was lost says why.
TEST_F(a_traced_node, tells_each_backend_that_was_asked) {
  scripted_ollama other;
  add_backend("one", ollama.port());
  add_backend("two", other.port());
  start();
  for (const std::size_t i : {0, 1})
    until([&] { return status()["backends"][i]["state"] == "up"; });
  script refuses;
  refuses.status = 503;
  ollama.always("/api/generate", refuses);
  const auto a = ask("POST", "/api/generate", generate(), traceparent);
  EXPECT_EQ(a.headers.at("x-conductor-backend"), "two");
  ASSERT_EQ(spans_to->wait_for_spans(6), "");
  std::vector<json> asked;
  for (const auto& s : spans_to->spans())
    if (s["name"] == "upstream")
      asked.push_back(s);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(attribute(asked[0], "conductor.backend"), "\"one\"");
  EXPECT_EQ(attribute(asked[0], "error.type"), "\"upstream_error\"");
  EXPECT_EQ(attribute(asked[1], "conductor.backend"), "\"two\"");
  EXPECT_EQ(attribute(asked[1], "error.type"), "");
  EXPECT_LE(end(asked[0]), begin(asked[1]));
}

// The collector takes requests and answers none: nobody waits for it.
TEST_F(a_traced_node, disturbs_no_stream_with_a_collector_that_hangs) {
  start();
  spans_to->hold(true);
  ask("POST", "/api/generate", generate());
  ASSERT_EQ(spans_to->wait_for_requests(1), "");
  for (int i = 0; i < 50; ++i)
    EXPECT_TRUE(ask("POST", "/api/generate", generate(R"({"records":2})")).whole);
  EXPECT_EQ(spans_to->requests(), 1u) << "one request at a time";
  EXPECT_TRUE(spans_to->spans().empty());
  spans_to->hold(false);
  EXPECT_EQ(spans_to->wait_for_spans(51 * 4), "") << "what waited is not lost";
}

// What is refused for now comes again; what is refused for good is counted.
TEST_F(a_traced_node, loses_nothing_but_spans) {
  start();
  spans_to->answer(503);
  EXPECT_TRUE(ask("POST", "/api/generate", generate()).whole);
  ASSERT_EQ(spans_to->wait_for_requests(1), "");
  spans_to->answer(200);
  ASSERT_EQ(spans_to->wait_for_spans(4), "");
  spans_to->answer(400);
  EXPECT_TRUE(ask("POST", "/api/generate", generate()).whole);
  until([&] { return counted("dropped") == 4; });
  EXPECT_EQ(counted("exported"), 4u);
}

TEST_F(a_traced_node, serves_without_its_collector) {
  start();
  spans_to.reset();
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(ask("POST", "/api/generate", generate()).whole);
}

// What ended just before the node did is told.
TEST_F(a_traced_node, tells_what_it_has_before_it_ends) {
  values.trace.interval = 60s;
  start();
  EXPECT_TRUE(ask("POST", "/api/generate", generate(), traceparent).whole);
  EXPECT_TRUE(spans_to->spans().empty());
  begin_stop();
  stopped();
  EXPECT_EQ(spans_of(trace).size(), 4u);
}

// Without a collector a trace is Ollama's and the client's business.
TEST_F(a_node, passes_traces_on_unchanged_where_it_makes_no_spans) {
  start();
  ask("POST", "/api/generate", generate(), traceparent);
  const auto asked = last_request("/api/generate").head;
  EXPECT_EQ(asked.field("traceparent"), "00-" + trace + "-" + caller + "-01");
  EXPECT_EQ(asked.field("tracestate"), "vendor=1");
  ask("POST", "/api/generate", generate());
  EXPECT_FALSE(last_request("/api/generate").head.field("traceparent"));
}

} // namespace
} // namespace conductor::test
