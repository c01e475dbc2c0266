#include "adapters/trace/exporter.hpp"

#include "tests/adapters/ollama/fake_upstreams.hpp"
#include "tests/adapters/trace/ended.hpp"

#include <nlohmann/json.hpp>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

/// EXPORTER before a collector that answers as the test says.
class an_exporter : public actor_fixture {
protected:
  an_exporter() {
    how.collector = parse_collector("http://collector:4318");
    how.interval = 5s;
  }
  ~an_exporter() override {
    end(subject);
    end(upstreams);
    for (auto& e : opened->exchanges)
      end(e);
  }

  void start() {
    if (!upstreams)
      upstreams = system.spawn(fake_upstreams, opened);
    subject =
        system.spawn(exporter, how, exporter_links{upstreams, {"1", "node"}, counts});
    run();
  }

  /// So many requests ended, of five spans each.
  void ended(std::size_t n) {
    caf::anon_send(subject, traced_requests{ended_requests(n, a_chat())});
    run();
  }

  /// What the last request to the collector carried.
  std::size_t sent() {
    const auto body = nlohmann::json::parse(opened->asked.back().asked->body.view());
    return body["resourceSpans"][0]["scopeSpans"][0]["spans"].size();
  }

  template <class Message>
  void from_collector(Message m) {
    caf::send_as(opened->exchanges.back(), caf::actor_cast<subscriber_actor>(subject),
                 std::move(m));
    run();
  }

  void answer(int status, std::string_view body = "{}", std::string retry_after = {}) {
    auto head = std::make_shared<response_head>();
    head->status = status;
    if (!retry_after.empty())
      head->headers.push_back({"Retry-After", std::move(retry_after)});
    from_collector(started{std::move(head), {}});
    from_collector(bytes_of(body));
    from_collector(complete{});
  }

  std::uint64_t exported() const { return counts->exported; }
  std::uint64_t dropped() const { return counts->dropped; }

  trace_settings how;
  std::shared_ptr<span_counts> counts = std::make_shared<span_counts>();
  std::shared_ptr<test::opened> opened = std::make_shared<test::opened>();
  upstreams_actor upstreams;
  exporting_actor subject;
};

TEST_F(an_exporter, waits_for_company_but_not_for_long) {
  start();
  ended(1);
  advance(3s);
  ended(1);
  EXPECT_TRUE(opened->asked.empty());
  advance(2s);
  ASSERT_EQ(opened->asked.size(), 1u);
  EXPECT_EQ(sent(), 10u);
  const auto& asked = *opened->asked.front().asked;
  EXPECT_EQ(asked.method + " " + asked.target, "POST /v1/traces");
  EXPECT_EQ(opened->asked.front().at->server->url.host, "collector");
  EXPECT_EQ(asked.headers.back().value, "application/json");
  answer(200);
  EXPECT_EQ(exported(), 10u);
  EXPECT_EQ(dropped(), 0u);
  advance(60s);
  EXPECT_EQ(opened->asked.size(), 1u) << "there was nothing more";
}

TEST_F(an_exporter, sends_a_full_batch_at_once_and_one_at_a_time) {
  start();
  ended(103); // 515 spans
  ASSERT_EQ(opened->asked.size(), 1u);
  EXPECT_EQ(sent(), 510u) << "the spans of a request stay together";
  ended(200);
  EXPECT_EQ(opened->asked.size(), 1u) << "the first one is not answered";
  answer(200);
  EXPECT_EQ(opened->asked.size(), 2u);
  EXPECT_EQ(sent(), 510u);
  answer(200);
  advance(5s);
  EXPECT_EQ(opened->asked.size(), 3u);
  answer(200);
  EXPECT_EQ(exported(), 303u * 5);
}

TEST_F(an_exporter, sends_again_what_is_refused_for_now) {
  for (const int status : {429, 502, 503, 504}) {
    opened->asked.clear();
    start();
    ended(1);
    advance(5s);
    answer(status);
    EXPECT_EQ(opened->asked.size(), 1u) << status;
    advance(1s);
    ASSERT_EQ(opened->asked.size(), 2u) << status;
    EXPECT_EQ(sent(), 5u);
    answer(status);
    advance(1s);
    EXPECT_EQ(opened->asked.size(), 2u) << "the pause grows";
    advance(1s);
    ASSERT_EQ(opened->asked.size(), 3u);
    answer(200);
    end(subject);
  }
  EXPECT_EQ(exported(), 20u);
  EXPECT_EQ(dropped(), 0u);
}

TEST_F(an_exporter, waits_as_long_as_it_is_told) {
  start();
  ended(1);
  advance(5s);
  answer(503, "", "7");
  advance(6s);
  EXPECT_EQ(opened->asked.size(), 1u);
  advance(1s);
  EXPECT_EQ(opened->asked.size(), 2u);
  answer(503, "", "Wed, 21 Oct 2026 07:28:00 GMT");
  advance(2s);
  EXPECT_EQ(opened->asked.size(), 3u) << "a date is no reason to wait longer";
}

TEST_F(an_exporter, gives_a_batch_up_after_five_tries) {
  start();
  ended(1);
  advance(5s);
  for (int i = 0; i < 5; ++i) {
    answer(503);
    ended(1); // these have their turn later
    advance(30s);
  }
  EXPECT_EQ(dropped(), 5u);
  ASSERT_EQ(opened->asked.size(), 6u);
  EXPECT_EQ(sent(), 25u);
}

TEST_F(an_exporter, drops_what_is_refused_for_good_or_may_have_been_taken) {
  start();
  for (const int status : {400, 404, 413, 500, 301}) {
    ended(1);
    advance(5s);
    answer(status);
  }
  EXPECT_EQ(dropped(), 25u);
  for (const auto code : {errc::upstream_lost, errc::first_byte_timeout}) {
    ended(1);
    advance(5s);
    from_collector(failed{code, "lost"});
  }
  EXPECT_EQ(dropped(), 35u);
  EXPECT_EQ(opened->asked.size(), 7u);
  EXPECT_EQ(exported(), 0u);
}

TEST_F(an_exporter, sends_again_what_did_not_reach_the_collector) {
  start();
  ended(1);
  advance(5s);
  from_collector(failed{errc::backend_unreachable, "refused"});
  advance(1s);
  ASSERT_EQ(opened->asked.size(), 2u);
  answer(200);
  EXPECT_EQ(exported(), 5u);
  ended(1);
  advance(5s);
  from_collector(failed{errc::stale_connection, "closed"});
  ASSERT_EQ(opened->asked.size(), 4u) << "at once, by another connection";
  answer(200);
  EXPECT_EQ(exported(), 10u);
}

TEST_F(an_exporter, counts_what_the_collector_refused_of_a_batch) {
  start();
  ended(1);
  advance(5s);
  answer(200, R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}})");
  EXPECT_EQ(exported(), 3u);
  EXPECT_EQ(dropped(), 2u);
}

TEST_F(an_exporter, drops_what_finds_no_room) {
  how.buffer_bytes = 64 << 10;
  start();
  ended(1);
  advance(5s);
  ended(1000); // the collector says nothing
  EXPECT_GT(dropped(), 4000u);
  answer(200);
  EXPECT_EQ(exported(), 5u);
  advance(5s);
  answer(200);
  EXPECT_EQ(exported() + dropped(), 5005u);
}

TEST_F(an_exporter, survives_the_death_of_an_exchange) {
  start();
  ended(1);
  advance(5s);
  end(opened->exchanges.back());
  EXPECT_EQ(dropped(), 5u);
  ended(1);
  advance(5s);
  answer(200);
  EXPECT_EQ(exported(), 5u);
}

TEST_F(an_exporter, is_drained_when_nothing_waits_any_longer) {
  start();
  const auto drained_soon = [this] {
    auto is = std::make_shared<bool>();
    system.spawn([=, this](caf::event_based_actor* self) {
      self->request(subject, caf::infinite, drain{}).then([is](const drained&) {
        *is = true;
      });
    });
    run();
    return is;
  };
  EXPECT_TRUE(*drained_soon());
  ended(1);
  const auto one = drained_soon();
  EXPECT_FALSE(*one);
  ASSERT_EQ(opened->asked.size(), 1u) << "at once";
  answer(503);
  EXPECT_TRUE(*one) << "there is no time to try again";
  EXPECT_EQ(dropped(), 5u);

  ended(1);
  advance(5s);
  answer(503);
  const auto two = drained_soon();
  EXPECT_EQ(opened->asked.size(), 3u) << "the pause is cut short";
  answer(200);
  EXPECT_TRUE(*two);
  advance(60s);
  EXPECT_EQ(opened->asked.size(), 3u);
}

} // namespace
} // namespace conductor::test
