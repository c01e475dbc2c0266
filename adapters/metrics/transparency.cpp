#include "adapters/metrics/transparency.hpp"

#include <cmath>
#include <numeric>
#include <utility>

namespace conductor {

void paired_differences::add(double difference) {
  if (all_.size() < kept) {
    all_.push_back(difference);
    return;
  }
  all_[next_] = difference;
  next_ = (next_ + 1) % kept;
}

paired_differences::estimate paired_differences::now() const {
  const auto n = static_cast<double>(all_.size());
  if (all_.empty())
    return {};
  const auto mean = std::accumulate(all_.begin(), all_.end(), 0.0) / n;
  if (all_.size() < 2)
    return {mean, -HUGE_VAL, HUGE_VAL};
  double squares = 0;
  for (const auto d : all_)
    squares += (d - mean) * (d - mean);
  // Student's t for 97.5 %, near enough from two pairs on.
  const auto f = n - 1;
  const auto t = 1.96 + 2.4 / f + 8.4 / (f * f * f);
  const auto reach = t * std::sqrt(squares / f / n);
  return {mean, mean - reach, mean + reach};
}

void transparency::compared(pair found) {
  first_.add(found.first);
  total_.add(found.total);
  compared_.fetch_add(1, std::memory_order_relaxed);
  if (first_.size() >= 2)
    std::atomic_store(
        &now_, std::make_shared<const reading>(reading{first_.now(), total_.now()}));
}

std::vector<prometheus::MetricFamily> transparency::Collect() const {
  families made;
  made.counter("conductor_transparency_probes_total",
               "Pairs of the same question, asked directly and through the node: "
               "compared, failed, or skipped because the backend was busy.");
  for (const auto& [result, n] :
       {std::pair{"compared", compared_.load()}, std::pair{"failed", failed_.load()},
        std::pair{"skipped", skipped_.load()}})
    made.add(static_cast<double>(n), {{"result", result}});
  if (const auto now = std::atomic_load(&now_)) {
    made.gauge("conductor_transparency_difference_seconds",
               "What an answer takes longer through the node than directly, to the first "
               "record and in all: mean of the last 256 pairs, and where it lies with a "
               "confidence of 95 %.");
    for (const auto& [quantity, e] :
         {std::pair{"first", now->first}, std::pair{"total", now->total}})
      for (const auto& [bound, value] :
           {std::pair{"mean", e.mean}, std::pair{"low", e.low},
            std::pair{"high", e.high}})
        made.add(value, {{"quantity", quantity}, {"bound", bound}});
  }
  return {made.all.begin(), made.all.end()};
}

} // namespace conductor
