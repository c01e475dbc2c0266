#include "adapters/metrics/request_series.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

request_summary answer(std::string model, std::string target = "/api/chat") {
  auto asked = std::make_shared<request>();
  asked->kind = request_kind::inference;
  asked->target = std::move(target);
  asked->model = std::move(model);
  asked->streams = true;
  request_summary s;
  s.about = std::move(asked);
  s.status = 200;
  s.backend = "one";
  s.outcome = "done";
  s.body_bytes = 100;
  s.first = 40ms;
  s.total = 1040ms;
  s.used.prompt_tokens = 100;
  s.used.answer_tokens = 11;
  s.used.prompt_ns = 1'000'000'000;
  return s;
}

class a_scrape : public ::testing::Test {
protected:
  std::string text(exposition as = exposition::text) {
    families f;
    subject.collect(f);
    return expose(f.all, as);
  }
  bool has(const std::string& line) {
    return text().find("\n" + line + "\n") != std::string::npos;
  }

  request_series subject{3};
};

TEST_F(a_scrape, sums_up_what_lanes_counted) {
  const auto one = subject.add_tally(), two = subject.add_tally();
  one->count(answer("m"));
  two->count(answer("m:latest"));
  EXPECT_TRUE(has("conductor_requests_total{kind=\"inference\",status=\"2xx\","
                  "outcome=\"done\"} 2"))
      << text();
  const std::string of = "{gen_ai_operation_name=\"chat\","
                         "gen_ai_request_model=\"m:latest\",backend=\"one\"";
  EXPECT_TRUE(has("gen_ai_server_request_duration_seconds_count" + of + "} 2"));
  EXPECT_TRUE(
      has("gen_ai_server_time_to_first_token_seconds_bucket" + of + ",le=\"0.04\"} 2"));
  EXPECT_TRUE(has("gen_ai_server_time_per_output_token_seconds_sum" + of + "} 0.2"));
  EXPECT_TRUE(
      has("gen_ai_client_token_usage_sum" + of + ",gen_ai_token_type=\"input\"} 200"));
  EXPECT_TRUE(has("conductor_answer_bytes_total 200"));
  EXPECT_TRUE(has("conductor_tokens_total{type=\"output\"} 22"));
}

// Each lane meets the models in another order.
TEST_F(a_scrape, tells_only_so_many_models_apart) {
  const auto one = subject.add_tally(), two = subject.add_tally();
  for (const auto* m : {"a", "b", "c", "d", "e"})
    one->count(answer(m));
  for (const auto* m : {"e", "f", "a"})
    two->count(answer(m));
  const auto count = [&](const std::string& model) {
    const auto all = text();
    const auto name = "gen_ai_request_model=\"" + model + "\"";
    return all.find(name) != std::string::npos;
  };
  EXPECT_TRUE(count("a:latest"));
  EXPECT_TRUE(count("other"));
  std::size_t named = 0;
  for (const auto* m : {"a", "b", "c", "d", "e", "f"})
    named += count(m + std::string{":latest"}) ? 1 : 0;
  EXPECT_EQ(named, 3u);
  // What was told once is told for ever: counters never fall.
  const auto before = text();
  two->count(answer("f"));
  for (const auto* m : {"a", "b", "c", "d", "e", "f"})
    EXPECT_EQ(before.find(m + std::string{":latest\""}) != std::string::npos,
              count(m + std::string{":latest"}));
}

TEST_F(a_scrape, gives_no_series_to_names_that_clients_invent) {
  const auto t = subject.add_tally();
  for (int i = 0; i < 10; ++i) {
    auto s = answer("invented-" + std::to_string(i));
    s.status = 404;
    t->count(s);
  }
  EXPECT_EQ(text().find("invented"), std::string::npos);
  EXPECT_TRUE(has("gen_ai_server_request_duration_seconds_count{"
                  "gen_ai_operation_name=\"chat\",gen_ai_request_model=\"other\","
                  "backend=\"one\"} 10"));
}

TEST_F(a_scrape, tells_how_long_classes_waited_and_who_was_turned_away) {
  const auto t = subject.add_tally();
  auto waited = answer("m");
  const attempt::time_point begin{1h};
  waited.course.now.asked = begin;
  waited.course.now.leased = begin + 3s;
  t->count(waited);
  auto refused = answer("m");
  refused.outcome = to_string(errc::queue_full);
  refused.backend.clear();
  refused.status = 503;
  t->count(refused);
  EXPECT_TRUE(has("conductor_queue_wait_seconds_sum{class=\"normal\"} 3"));
  EXPECT_TRUE(has("conductor_queue_wait_seconds_count{class=\"batch\"} 0"));
  EXPECT_TRUE(
      has("conductor_queue_rejections_total{class=\"normal\",reason=\"full\"} 1"));
  EXPECT_TRUE(
      has("conductor_queue_rejections_total{class=\"normal\",reason=\"timeout\"} 0"));
}

TEST_F(a_scrape, points_to_the_trace_of_an_answer) {
  const auto t = subject.add_tally();
  auto s = answer("m");
  auto traced = std::make_shared<request>(*s.about);
  auto trace = std::make_shared<trace_context>();
  trace->trace_high = 1;
  trace->trace_low = 0xab;
  trace->sampled = true;
  traced->trace = trace;
  s.about = traced;
  t->count(s);
  const auto id = "# {trace_id=\"000000000000000100000000000000ab\"} 1.04 ";
  EXPECT_NE(text(exposition::open_metrics).find(id), std::string::npos);
  EXPECT_EQ(text().find("trace_id"), std::string::npos);
}

TEST(an_estimate_of_the_prompt_cache, is_by_how_fast_a_prompt_was_read) {
  double slowest = 0;
  usage u;
  u.prompt_tokens = 1000;
  u.prompt_ns = 1'000'000'000; // 1 ms a token
  EXPECT_EQ(cached_tokens(u, slowest), 0u) << "nothing to compare it with";
  EXPECT_EQ(cached_tokens(u, slowest), 0u);
  u.prompt_ns = 100'000'000;
  EXPECT_NEAR(static_cast<double>(cached_tokens(u, slowest)), 900, 10);
  u.prompt_ns = 800'000'000;
  EXPECT_EQ(cached_tokens(u, slowest), 0u) << "a little faster is no sign";
  u.prompt_tokens = 4;
  u.prompt_ns = 1;
  EXPECT_EQ(cached_tokens(u, slowest), 0u) << "too short to tell";
}

} // namespace
} // namespace conductor::test
