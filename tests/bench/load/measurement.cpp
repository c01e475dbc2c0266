#include "tests/bench/load/measurement.hpp"

#include "tests/bench/load/plan.hpp"
#include "tests/bench/load/processor_time.hpp"
#include "tests/bench/load/stream.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace conductor::bench {

namespace {

using json = nlohmann::ordered_json;

// Nearest rank: always a sample that occurred.
double percentile_us(const std::vector<std::int64_t>& sorted, double share) {
  auto rank = std::ceil(share * static_cast<double>(sorted.size()));
  auto at = std::max<std::size_t>(static_cast<std::size_t>(rank), 1) - 1;
  return static_cast<double>(sorted[at]) / 1e3;
}

json summary(std::vector<std::int64_t>& sample) {
  std::sort(sample.begin(), sample.end());
  json out{{"count", sample.size()}};
  if (sample.empty())
    return out;
  out["p50"] = percentile_us(sample, 0.5);
  out["p90"] = percentile_us(sample, 0.9);
  out["p99"] = percentile_us(sample, 0.99);
  out["max"] = percentile_us(sample, 1);
  return out;
}

} // namespace

measurement::measurement(std::vector<pid_t> watched) : watched_(std::move(watched)) {
  // Growing a vector in the window would be a pause of its own.
  records_.reserve(1u << 22);
  begun_.reserve(1u << 18);
  firsts_.reserve(1u << 18);
  answers_.reserve(1u << 18);
}

void measurement::begin() {
  own_ = own_processor_time_ns();
  cpu_ = processor_time_ns(watched_);
  if (cpu_ < 0)
    throw load_error("a watched process is gone");
  began_ = monotonic_ns();
}

void measurement::end() {
  ended_ = monotonic_ns();
  auto cpu = processor_time_ns(watched_);
  if (cpu < 0)
    throw load_error("a watched process is gone");
  cpu_ = cpu - cpu_;
  own_ = own_processor_time_ns() - own_;
}

json measurement::result() {
  auto seconds = static_cast<double>(ended_ - began_) / 1e9;
  auto records = static_cast<double>(records_.size());
  auto answers = static_cast<double>(answers_.size());
  json out{{"window_s", seconds},
           {"requests_per_s", answers / seconds},
           {"records_per_s", records / seconds},
           {"begun_us", summary(begun_)},
           {"first_us", summary(firsts_)},
           {"record_us", summary(records_)},
           {"answer_us", summary(answers_)},
           {"load_cpu_share", static_cast<double>(own_) / 1e9 / seconds}};
  if (!watched_.empty()) {
    auto us = static_cast<double>(cpu_) / 1e3;
    out["cpu_us"] = us;
    if (records > 0)
      out["cpu_us_per_record"] = us / records;
    if (answers > 0)
      out["cpu_us_per_request"] = us / answers;
  }
  return out;
}

} // namespace conductor::bench
