// What counting and a scrape cost: `counting`, prints Markdown. Nanoseconds of what is
// done for each piece and each answer, milliseconds of a scrape with 100 models; median
// of 9 rounds of at least 20 ms (lowest–highest). One thread, no socket, no actor.

#include "adapters/lane/lane.hpp"
#include "adapters/metrics/series.hpp"
#include "adapters/trace/otlp.hpp"
#include "adapters/trace/spans.hpp"
#include "tests/adapters/trace/ended.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace conductor;
using bench_clock = std::chrono::steady_clock;

constexpr int rounds = 9;
constexpr auto least = std::chrono::milliseconds(20);

struct spread {
  double median, lowest, highest;
};

/// Nanoseconds of `work`, which is done again and again.
template <class Work>
spread measure(Work work) {
  std::vector<double> ns;
  for (int r = 0; r < rounds; ++r) {
    const auto begin = bench_clock::now();
    std::size_t n = 0;
    for (; n % 16 != 0 || bench_clock::now() - begin < least; ++n)
      work();
    const std::chrono::duration<double, std::nano> took = bench_clock::now() - begin;
    ns.push_back(took.count() / static_cast<double>(n));
  }
  std::sort(ns.begin(), ns.end());
  return {ns[ns.size() / 2], ns.front(), ns.back()};
}

void print(const char* what, const spread& s, double unit, const char* name) {
  std::printf("| %s | %.3g %s (%.3g–%.3g) |\n", what, s.median / unit, name,
              s.lowest / unit, s.highest / unit);
}

request_summary answer_of(std::size_t model) {
  auto asked = std::make_shared<request>();
  asked->kind = request_kind::inference;
  asked->target = "/api/chat";
  asked->model = "model-" + std::to_string(model);
  asked->streams = true;
  request_summary s;
  s.about = std::move(asked);
  s.status = 200;
  s.backend = "gpu-1";
  s.outcome = "done";
  s.first = std::chrono::milliseconds(40);
  s.total = std::chrono::milliseconds(900);
  s.used = {100, 50, 0, 40'000'000, 800'000'000, 0};
  return s;
}

} // namespace

int main() {
  std::printf("| | |\n|---|---:|\n");
  relay_ledger ledger;
  double delay = 0;
  print("each piece: three clocks, three delays of the blame ledger", measure([&] {
          const auto read = request_clock::now();
          ledger.upstream.observe(delay += 1e-6);
          const auto handed = request_clock::now();
          ledger.conductor.observe(std::chrono::duration<double>(handed - read).count());
          ledger.client.observe(
              std::chrono::duration<double>(request_clock::now() - handed).count());
        }),
        1, "ns");

  series all{100};
  const auto lanes = std::vector{all.add_tally(), all.add_tally()};
  std::vector<request_summary> answers;
  for (std::size_t m = 0; m < 100; ++m)
    answers.push_back(answer_of(m));
  for (const auto& lane : lanes)
    for (const auto& a : answers)
      lane->count(a);
  std::size_t n = 0;
  print("each answer: all its series, one of 100 models",
        measure([&] { lanes[0]->count(answers[n++ % answers.size()]); }), 1, "ns");

  const auto traced = test::a_chat();
  print("each traced answer: its five spans as JSON", measure([&] {
          if (otlp::write(spans_of(traced)).empty())
            std::abort();
        }),
        1e3, "us");

  const fleet_status fleet;
  const node_reading node;
  for (const auto as : {exposition::text, exposition::open_metrics})
    print(as == exposition::text ? "a scrape, 100 models, two lanes: text"
                                 : "the same: OpenMetrics",
          measure([&] {
            if (all.text(fleet, node, as).empty())
              std::abort();
          }),
          1e6, "ms");
}
