#include "actors/gpu_history.hpp"

#include <limits>
#include <optional>

namespace conductor {
namespace {

constexpr std::int64_t span_ms = 10 * 60 * 1000;
constexpr std::int64_t step_ms = 900; // looks once a second are not exact

template <class Number>
float or_nan(const std::optional<Number>& value, double unit = 1) {
  return value ? static_cast<float>(static_cast<double>(*value) / unit)
               : std::numeric_limits<float>::quiet_NaN();
}

} // namespace

void gpu_history::add(const gpu_sample& sample) {
  if (!moments_.empty() && sample.time < moments_.back().time)
    moments_.clear();
  if (!moments_.empty() && sample.time - moments_.back().time < step_ms)
    return;
  while (!moments_.empty() && sample.time - moments_.front().time > span_ms)
    moments_.pop_front();
  if (sample.devices.empty())
    return;
  auto& now = moments_.emplace_back();
  now.time = sample.time;
  now.points.reserve(sample.devices.size());
  for (const auto& d : sample.devices)
    now.points.push_back({d.index, or_nan(d.utilization), or_nan(d.memory_used, 1 << 20),
                          or_nan(d.temperature), or_nan(d.power)});
}

} // namespace conductor
