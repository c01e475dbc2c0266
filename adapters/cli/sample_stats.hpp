#pragma once

#include <cstdint>
#include <vector>

namespace conductor::cli {

/// The value below which the share `q` (0 to 1) of the sample lies, interpolated. The
/// sample must not be empty.
double quantile(std::vector<double> sample, double q);

inline double median(std::vector<double> sample) {
  return quantile(std::move(sample), 0.5);
}

/// What a sample says of a quantity, and how far chance may have moved it.
struct interval {
  double low = 0, high = 0;
  bool contains_zero() const { return low <= 0 && high >= 0; }
};

/// 95 % confidence interval of the median by the percentile bootstrap: `resamples` draws
/// with replacement. The same seed gives the same interval.
interval bootstrap_median(const std::vector<double>& sample, std::uint64_t seed,
                          int resamples = 5'000);

} // namespace conductor::cli
