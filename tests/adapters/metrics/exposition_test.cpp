#include "adapters/metrics/families.hpp"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <cmath>

namespace conductor::test {
namespace {

constexpr std::array bounds{.5, 1.};

families some() {
  families f;
  f.counter("c_total", "Counts \"things\".\nAll of them.");
  f.add(3, {{"kind", "a\\b\"c\nd"}});
  f.add(0.1);
  f.gauge("g", "A gauge.");
  f.add(std::nan(""));
  f.add(-1. / 0.);
  f.histogram("h_seconds", "A histogram.");
  histogram_reading r;
  r.bounds = bounds;
  r.counts = {1, 0, 2};
  r.sum = 7.25;
  r.exemplars = {{}, {}, {0xabcull << 52, 0x1f, 3.5, 1'700'000'000'123'456'789}};
  f.add(r, {{"lane", "one"}});
  f.gauge("nothing", "A family without a sample.");
  return f;
}

TEST(an_exposition, is_the_text_that_prometheus_reads) {
  EXPECT_EQ(expose(some().all, exposition::text),
            "# HELP c_total Counts \"things\".\\nAll of them.\n"
            "# TYPE c_total counter\n"
            "c_total{kind=\"a\\\\b\\\"c\\nd\"} 3\n"
            "c_total 0.1\n"
            "# HELP g A gauge.\n"
            "# TYPE g gauge\n"
            "g NaN\n"
            "g -Inf\n"
            "# HELP h_seconds A histogram.\n"
            "# TYPE h_seconds histogram\n"
            "h_seconds_bucket{lane=\"one\",le=\"0.5\"} 1\n"
            "h_seconds_bucket{lane=\"one\",le=\"1\"} 1\n"
            "h_seconds_bucket{lane=\"one\",le=\"+Inf\"} 3\n"
            "h_seconds_sum{lane=\"one\"} 7.25\n"
            "h_seconds_count{lane=\"one\"} 3\n");
}

TEST(an_exposition, has_exemplars_and_an_end_in_open_metrics) {
  EXPECT_EQ(expose(some().all, exposition::open_metrics),
            "# HELP c Counts \\\"things\\\".\\nAll of them.\n"
            "# TYPE c counter\n"
            "c_total{kind=\"a\\\\b\\\"c\\nd\"} 3\n"
            "c_total 0.1\n"
            "# HELP g A gauge.\n"
            "# TYPE g gauge\n"
            "g NaN\n"
            "g -Inf\n"
            "# HELP h_seconds A histogram.\n"
            "# TYPE h_seconds histogram\n"
            "h_seconds_bucket{lane=\"one\",le=\"0.5\"} 1\n"
            "h_seconds_bucket{lane=\"one\",le=\"1.0\"} 1\n"
            "h_seconds_bucket{lane=\"one\",le=\"+Inf\"} 3 # "
            "{trace_id=\"abc0000000000000000000000000001f\"} 3.5 1700000000.123\n"
            "h_seconds_sum{lane=\"one\"} 7.25\n"
            "h_seconds_count{lane=\"one\"} 3\n"
            "# EOF\n");
}

TEST(an_exposition, is_what_accept_prefers) {
  const auto open = exposition::open_metrics;
  const auto text = exposition::text;
  EXPECT_EQ(exposition_for(""), text);
  EXPECT_EQ(exposition_for("*/*"), text);
  EXPECT_EQ(exposition_for("text/plain"), text);
  EXPECT_EQ(exposition_for("application/openmetrics-text"), open);
  // Prometheus 2.42 says this.
  EXPECT_EQ(exposition_for("application/openmetrics-text;version=1.0.0,"
                           "application/openmetrics-text;version=0.0.1;q=0.75,"
                           "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            open);
  EXPECT_EQ(exposition_for("application/openmetrics-text;q=0.2, text/plain;q=0.9"), text);
  EXPECT_EQ(exposition_for("application/openmetrics-text; q=0"), text);
  EXPECT_EQ(exposition_for("nonsense;;;,,"), text);
}

} // namespace
} // namespace conductor::test
