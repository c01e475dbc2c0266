#include "adapters/metrics/observer.hpp"

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
    subject = system.spawn(observer, counts, log_requests);
  }
  void ended(std::string outcome, int status, std::string detail = {}) {
    auto asked = std::make_shared<request>();
    asked->id = "id-1";
    asked->kind = request_kind::inference;
    asked->method = "POST";
    asked->target = "/api/chat";
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
    return counts->text({}).find(line + "\n") != std::string::npos;
  }

  std::shared_ptr<spdlog::logger> before;
  std::ostringstream log;
  std::shared_ptr<series> counts = std::make_shared<series>();
  observer_actor subject;
};

TEST_F(an_observer, counts_each_request_by_how_it_ended) {
  start();
  ended("done", 200);
  ended("done", 200);
  ended("cancelled", 0);
  EXPECT_TRUE(scrape_has("conductor_requests_total{kind=\"inference\",outcome=\"done\","
                         "status=\"2xx\"} 2"))
      << counts->text({});
  EXPECT_NE(counts->text({}).find("outcome=\"cancelled\""), std::string::npos);
}

TEST_F(an_observer, writes_one_line_a_request_without_its_text) {
  start();
  ended("upstream_lost", 200, "the connection ended");
  const auto text = log.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_NE(text.find("request id-1 POST /api/chat model=m backend=one"),
            std::string::npos);
  EXPECT_NE(text.find("error=the connection ended"), std::string::npos);
  EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST_F(an_observer, writes_no_line_where_none_is_wanted) {
  start(false);
  ended("done", 200);
  EXPECT_EQ(log.str(), "");
  EXPECT_TRUE(scrape_has("conductor_requests_total{kind=\"inference\",outcome=\"done\","
                         "status=\"2xx\"} 1"));
}

TEST_F(an_observer, shows_whether_a_backend_answers) {
  start();
  backend_status b;
  b.name = "one";
  b.state = backend_state::up;
  caf::anon_send(subject, b);
  run();
  EXPECT_TRUE(scrape_has("conductor_backend_up{backend=\"one\"} 1")) << counts->text({});
  b.state = backend_state::down;
  b.error = "refused";
  caf::anon_send(subject, b);
  run();
  EXPECT_TRUE(scrape_has("conductor_backend_up{backend=\"one\"} 0"));
  EXPECT_NE(log.str().find("backend one is down: refused"), std::string::npos);
}

} // namespace
} // namespace conductor::test
