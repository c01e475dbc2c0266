#include "tests/world/world_fixture.hpp"

#include <algorithm>
#include <map>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

class a_node_that_is_scraped : public a_node {
protected:
  /// Value of the sample whose name and labels begin so, all of them summed up; -1: there
  /// is none.
  double value(const std::string& sample) {
    double sum = -1;
    for (const auto& line : lines_of(ask("GET", "/metrics").body))
      if (line.starts_with(sample) &&
          (line[sample.size()] == ' ' || line[sample.size()] == ',' ||
           sample.ends_with('{')))
        sum = std::max(sum, 0.0) + std::stod(line.substr(line.rfind(' ')));
    return sum;
  }
  template <class Reached>
  void until(const std::string& what, Reached reached) {
    const auto late = std::chrono::steady_clock::now() + 20s;
    while (!reached())
      ASSERT_LT(std::chrono::steady_clock::now(), late) << "waited for " << what << "\n"
                                                        << ask("GET", "/metrics").body;
  }
};

TEST_F(a_node_that_is_scraped, tells_each_series_once) {
  start();
  ask("POST", "/api/generate", generate());
  ask("POST", "/v1/chat/completions",
      R"({"model":"canned","stream":true,"messages":[{"role":"user","content":"x"}]})");
  until("both answers to be counted", [&] {
    return value("conductor_requests_total{kind=\"inference\",status=\"2xx\","
                 "outcome=\"done\"}") == 2;
  });
  std::map<std::string, int> times;
  for (const auto& line : lines_of(ask("GET", "/metrics").body))
    if (!line.starts_with('#'))
      ++times[line.substr(0, line.rfind(' '))];
  EXPECT_GT(times.size(), 300u);
  for (const auto& [series, n] : times)
    EXPECT_EQ(n, 1) << series;
}

// Ollama keeps its records back for a while, and the node passes each on at once.
TEST_F(a_node_that_is_scraped, blames_ollama_for_what_ollama_kept_back) {
  start();
  EXPECT_EQ(ask("POST", "/api/generate", generate(R"({"records":5,"gap_ms":40})")).status,
            200);
  const std::string of = "conductor_relay_delay_seconds_sum{part=\"";
  EXPECT_GE(value(of + "upstream\"}"), 4 * .04);
  EXPECT_LT(value(of + "conductor\"}"), value(of + "upstream\"}") / 4);
  EXPECT_GE(value("conductor_relay_delay_seconds_count{part=\"client\"}"), 5);
}

TEST_F(a_node_that_is_scraped, blames_a_client_that_does_not_read) {
  start();
  http_client slow(port);
  slow.ask("POST", "/api/generate", generate(R"({"records":100000,"size":200})"));
  until("the answer to be kept",
        [&] { return value("conductor_spool_bytes") > 5'000'000; });
  std::this_thread::sleep_for(200ms); // that long it does not read
  EXPECT_TRUE(slow.read_answer().whole);
  until("the ledger", [&] {
    return value("conductor_relay_delay_seconds_sum{part=\"client\"}") >= .2;
  });
  until("the buffer to be given back",
        [&] { return value("conductor_spool_bytes") == 0; });
}

TEST_F(a_node_that_is_scraped, tells_open_metrics_to_who_asks_for_it) {
  start();
  const auto open =
      ask("GET", "/metrics", {},
          "Accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\n");
  EXPECT_EQ(open.headers.at("content-type"),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_TRUE(open.body.ends_with("# EOF\n"));
  EXPECT_NE(open.body.find("# TYPE conductor_stalls counter\nconductor_stalls_total 0\n"),
            std::string::npos);
}

TEST_F(a_node_that_is_scraped, compares_itself_with_ollama_while_that_is_idle) {
  values.metrics.shadow_model = "canned";
  values.metrics.shadow_interval = 100ms;
  add_backend("one", ollama.port()).parallel = 1;
  start();
  const std::string of = "conductor_transparency_probes_total{result=\"";
  until("a skipped pair: the model is not in memory",
        [&] { return value(of + "skipped\"}") >= 1; });
  EXPECT_EQ(value(of + "compared\"}"), 0);
  EXPECT_EQ(ask("POST", "/api/generate", generate()).status, 200);
  until("two pairs", [&] { return value(of + "compared\"}") >= 2; });
  EXPECT_EQ(value(of + "failed\"}"), 0);
  const std::string difference = "conductor_transparency_difference_seconds{quantity=\"";
  for (const auto* quantity : {"first", "total"}) {
    const auto mean = value(difference + quantity + "\",bound=\"mean\"}");
    EXPECT_NE(ask("GET", "/metrics").body.find(difference + quantity), std::string::npos);
    EXPECT_LT(mean, 1) << quantity;
  }
  // Each pair reached Ollama twice, and one of them came through the node.
  std::size_t through = 0, all = 0;
  for (const auto& r : ollama.requests())
    if (r.route == "/api/generate" &&
        r.body.find("\"num_predict\":4") != std::string::npos)
      ++all;
  EXPECT_GE(all, 4u);
  const auto ended = nlohmann::json::parse(ask("GET", "/conductor/v1/requests").body);
  for (const auto& r : ended["requests"])
    through += r["class"] == "batch" ? 1 : 0;
  EXPECT_GE(through, 2u);

  // While it is busy nothing is compared.
  http_client busy(port);
  busy.ask("POST", "/api/generate", generate(R"({"records":1000,"gap_ms":20})"));
  EXPECT_EQ(ollama.wait_for_open_streams(1), "");
  const auto skipped = value(of + "skipped\"}");
  until("another skipped pair", [&] { return value(of + "skipped\"}") >= skipped + 2; });
  busy.close();
}

} // namespace
} // namespace conductor::test
