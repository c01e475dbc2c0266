#include "adapters/metrics/observer.hpp"
#include "adapters/metrics/request_series.hpp"

#include "tests/actors/actor_fixture.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <sstream>

namespace conductor::test {
namespace {

/// OBSERVER with its log in the test's hand.
class an_observer : public actor_fixture {
protected:
  an_observer() : before(spdlog::default_logger()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(log);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink));
  }
  ~an_observer() override {
    if (subject)
      end(subject);
    spdlog::set_default_logger(before);
  }
  void start(bool log_requests = true) {
    how.log_requests = log_requests;
    subject = system.spawn(observer, mine, how);
  }
  void ended(std::string outcome, int status, std::string detail = {},
             trace_ptr trace = nullptr) {
    auto asked = std::make_shared<request>();
    asked->trace = std::move(trace);
    asked->id = "id-" + std::to_string(++last);
    asked->kind = request_kind::inference;
    asked->method = "POST";
    asked->target = "/api/chat?a=b";
    asked->received = request_clock::now();
    asked->model = "m";
    asked->body = bytes::copy_of("{\"prompt\":\"a secret\"}");
    request_summary s;
    s.about = asked;
    s.status = status;
    s.backend = "one";
    s.outcome = std::move(outcome);
    s.detail = std::move(detail);
    s.used.answer_tokens = 11;
    s.first = std::chrono::milliseconds(3);
    s.total = std::chrono::milliseconds(5);
    caf::anon_send(subject, std::move(s));
    run();
  }
  bool scrape_has(const std::string& line) {
    families made;
    counts.collect(made);
    return expose(made.all, exposition::text).find(line + "\n") != std::string::npos;
  }

  std::shared_ptr<spdlog::logger> before;
  std::ostringstream log;
  request_series counts{100};
  std::shared_ptr<tally> mine = counts.add_tally();
  /// Those that are kept.
  std::vector<std::string> kept(requests_query q = {}) {
    auto ids = std::make_shared<std::vector<std::string>>();
    system.spawn([=, this](caf::event_based_actor* self) {
      self->request(subject, caf::infinite, q).then([ids](const ended_requests& all) {
        for (const auto& r : all)
          ids->push_back(r.id);
      });
    });
    run();
    return *ids;
  }

  observer_settings how;
  int last = 0; ///< number of the last request
  observer_actor subject;
};

/// EXPORTER's stand-in.
struct fake_exporter_state {
  static inline const char* name = "exporter";
};
exporter_actor::behavior_type
fake_exporter(exporter_actor::stateful_pointer<fake_exporter_state>,
              std::shared_ptr<std::vector<traced_requests>> told) {
  return {
      [told](const traced_requests& t) { told->push_back(t); },
      [](drain) { return drained{}; },
  };
}

using ids = std::vector<std::string>;

TEST_F(an_observer, keeps_the_last_requests) {
  how.keep = 3;
  start();
  EXPECT_EQ(kept(), ids{});
  for (int i = 0; i < 2; ++i)
    ended("done", 200);
  EXPECT_EQ(kept(), (ids{"id-2", "id-1"}));
  for (int i = 0; i < 5; ++i)
    ended(i == 3 ? "cancelled" : "done", 200);
  EXPECT_EQ(kept(), (ids{"id-7", "id-6", "id-5"}));
  requests_query q;
  q.limit = 2;
  EXPECT_EQ(kept(q), (ids{"id-7", "id-6"}));
  q.outcome = "cancelled";
  EXPECT_EQ(kept(q), (ids{"id-6"}));
  q = {};
  q.id = "id-5";
  EXPECT_EQ(kept(q), (ids{"id-5"}));
  q.model = "m:latest";
  EXPECT_EQ(kept(q), (ids{"id-5"}));
  q.model = "other:latest";
  EXPECT_EQ(kept(q), ids{});
}

TEST_F(an_observer, keeps_none_where_none_are_wanted) {
  start();
  ended("done", 200);
  EXPECT_EQ(kept(), ids{});
}

TEST_F(an_observer, passes_traced_requests_on_several_at_a_time) {
  auto told = std::make_shared<std::vector<traced_requests>>();
  auto exporter = system.spawn(fake_exporter, told);
  how.exporter = [exporter] { return exporter; };
  start();
  trace_context wanted;
  wanted.sampled = true;
  const auto sampled = std::make_shared<const trace_context>(wanted);
  ended("done", 200);
  ended("done", 200, {}, std::make_shared<const trace_context>());
  ended("done", 200, {}, sampled);
  ended("done", 200, {}, sampled);
  EXPECT_TRUE(told->empty());
  advance(std::chrono::milliseconds(200));
  ASSERT_EQ(told->size(), 1u);
  ASSERT_EQ(told->at(0).all.size(), 2u);
  EXPECT_EQ(told->at(0).all[0].id, "id-3");
  EXPECT_EQ(told->at(0).all[0].path, "/api/chat");
  EXPECT_EQ(told->at(0).all[0].trace, sampled);
  for (int i = 0; i < 64; ++i)
    ended("done", 200, {}, sampled);
  ASSERT_EQ(told->size(), 2u) << "enough to wake another lane for";
  EXPECT_EQ(told->at(1).all.size(), 64u);
  ended("done", 200, {}, sampled);
  caf::anon_send(subject, drain{});
  run();
  ASSERT_EQ(told->size(), 3u);
  end(exporter);
}

TEST_F(an_observer, counts_each_request_by_how_it_ended) {
  start();
  ended("done", 200);
  ended("done", 200);
  ended("cancelled", 0);
  EXPECT_TRUE(scrape_has("conductor_requests_total{kind=\"inference\",status=\"2xx\","
                         "outcome=\"done\"} 2"));
  EXPECT_TRUE(scrape_has("conductor_requests_total{kind=\"inference\",status=\"none\","
                         "outcome=\"cancelled\"} 1"));
}

TEST_F(an_observer, writes_one_line_a_request_without_its_text) {
  start();
  ended("upstream_lost", 200, "the connection ended");
  const auto text = log.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_NE(text.find("request id-1 POST /api/chat?a=b model=m backend=one"),
            std::string::npos);
  EXPECT_NE(text.find("error=the connection ended"), std::string::npos);
  EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST_F(an_observer, writes_no_line_where_none_is_wanted) {
  start(false);
  ended("done", 200);
  EXPECT_EQ(log.str(), "");
  EXPECT_TRUE(scrape_has("conductor_requests_total{kind=\"inference\",status=\"2xx\","
                         "outcome=\"done\"} 1"));
}

TEST_F(an_observer, writes_a_line_when_a_backend_comes_or_goes) {
  start();
  backend_status b;
  b.name = "one";
  b.url = "http://host";
  b.version = "0.24.0";
  b.state = backend_state::up;
  caf::anon_send(subject, b);
  b.state = backend_state::down;
  b.error = "refused";
  caf::anon_send(subject, b);
  run();
  EXPECT_NE(log.str().find("backend one answers at http://host: Ollama 0.24.0"),
            std::string::npos);
  EXPECT_NE(log.str().find("backend one is down: refused"), std::string::npos);
}

} // namespace
} // namespace conductor::test
