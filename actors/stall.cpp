#include "actors/stall.hpp"

#include <algorithm>
#include <cmath>

namespace conductor {
namespace {

using std::chrono::nanoseconds;

constexpr std::uint64_t fewest = 20;
constexpr std::uint64_t fewest_loads = 3;
constexpr double floors_of_a_load = 4;
constexpr double newest = 0.05; // weight of one delay in mean and variance
constexpr double decay = 0.999; // of the longest, with each report
constexpr double times_longest = 10;
// A normal variable exceeds its mean by that many deviations once in 10^12 times (phi
// 12).
constexpr double deviations = 7.0345;
constexpr double at_most = 24.0 * 3600 * 1e9;

double count_of(nanoseconds delay) {
  return static_cast<double>(std::max(delay, nanoseconds(1)).count());
}

} // namespace

void stall_detector::saw(answer_phase phase, nanoseconds delay) {
  learn(phase, 1, count_of(delay), count_of(delay));
}

void stall_detector::saw_gaps(std::uint64_t count, nanoseconds mean,
                              nanoseconds longest) {
  if (count > 0)
    learn(answer_phase::decode, count, count_of(mean), count_of(std::max(mean, longest)));
}

void stall_detector::learn(answer_phase phase, std::uint64_t count, double mean,
                           double longest) {
  auto& d = of(phase);
  const auto n = static_cast<double>(count);
  // Of n normal samples the largest is about that many deviations above their mean.
  const auto reach = std::sqrt(2 * std::log(n));
  const auto within = count < 2 ? 0.0 : std::log(longest / mean) / reach;
  // As many updates in one; the first samples weigh as in a plain mean.
  const auto weight =
      std::max(1 - std::pow(1 - newest, n), n / (static_cast<double>(d.count) + n));
  const auto off = std::log(mean) - d.mean;
  d.mean += weight * off;
  d.variance =
      (1 - weight) * (d.variance + weight * off * off) + weight * within * within;
  d.count += count;
  d.recent_longest = std::max(d.recent_longest * decay, longest);
  d.longest = std::max(d.longest, longest);
}

std::optional<nanoseconds> stall_detector::patience(answer_phase phase) const {
  const auto& d = of(phase);
  const bool loads = phase == answer_phase::load;
  if (d.count < (loads ? fewest_loads : fewest))
    return std::nullopt;
  const auto floor = static_cast<double>(floor_.count()) * (loads ? floors_of_a_load : 1);
  const auto improbable = std::exp(d.mean + deviations * std::sqrt(d.variance));
  auto bear = std::max({improbable, times_longest * d.recent_longest, d.longest, floor});
  if (phase == answer_phase::prefill)
    bear += of(answer_phase::load).longest;
  else if (phase == answer_phase::decode)
    bear += of(answer_phase::prefill).longest;
  return nanoseconds(static_cast<std::int64_t>(std::min(bear, at_most)));
}

std::chrono::milliseconds stall_detector::patience_ms(answer_phase phase) const {
  return std::chrono::ceil<std::chrono::milliseconds>(
      patience(phase).value_or(nanoseconds(0)));
}

} // namespace conductor
