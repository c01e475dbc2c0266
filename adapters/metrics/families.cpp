#include "adapters/metrics/families.hpp"

#include <limits>

namespace conductor {

using prometheus::MetricType;

void families::open(const char* name, const char* help, MetricType type) {
  auto& f = all.emplace_back();
  f.name = name;
  f.help = help;
  f.type = type;
}

void families::gauge(const char* name, const char* help) {
  open(name, help, MetricType::Gauge);
}

void families::counter(const char* name, const char* help) {
  open(name, help, MetricType::Counter);
}

void families::histogram(const char* name, const char* help) {
  open(name, help, MetricType::Histogram);
}

prometheus::ClientMetric& families::sample(labels of) {
  auto& m = all.back().metric.emplace_back();
  m.label.reserve(of.size());
  for (const auto& [name, value] : of)
    m.label.push_back({name, std::string{value}});
  return m;
}

void families::add(double value, labels of) {
  auto& m = sample(of);
  m.counter.value = m.gauge.value = value;
}

void families::add(const histogram_reading& reading, labels of) {
  const auto bounds = reading.bounds;
  auto& h = sample(of).histogram;
  h.bucket.reserve(bounds.size() + 1);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    sum += i < reading.counts.size() ? reading.counts[i] : 0;
    h.bucket.push_back(
        {sum, i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity()});
  }
  h.sample_count = sum;
  h.sample_sum = reading.sum;
  all.back().exemplars.push_back(reading.exemplars);
}

} // namespace conductor
