#include "adapters/cli/sample_stats.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace conductor::cli {

double quantile(std::vector<double> sample, double q) {
  std::sort(sample.begin(), sample.end());
  auto at = q * static_cast<double>(sample.size() - 1);
  auto below = static_cast<std::size_t>(at);
  auto above = std::min(below + 1, sample.size() - 1);
  return std::lerp(sample[below], sample[above], at - static_cast<double>(below));
}

interval bootstrap_median(const std::vector<double>& sample, std::uint64_t seed,
                          int resamples) {
  std::mt19937_64 random(seed);
  std::vector<double> medians, draw(sample.size());
  medians.reserve(static_cast<std::size_t>(resamples));
  for (int i = 0; i < resamples; ++i) {
    // Modulo and not a distribution of the library: the same numbers everywhere.
    for (auto& value : draw)
      value = sample[random() % sample.size()];
    medians.push_back(median(draw));
  }
  return {quantile(medians, 0.025), quantile(medians, 0.975)};
}

} // namespace conductor::cli
