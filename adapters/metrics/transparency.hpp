#pragma once

#include "adapters/metrics/families.hpp"

#include <prometheus/collectable.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace conductor {

/// Mean of the last differences of pairs, and where it lies with a confidence of 95 %.
class paired_differences {
public:
  static constexpr std::size_t kept = 256;

  void add(double difference);
  std::size_t size() const noexcept { return all_.size(); }
  /// `low` and `high` are of the mean; of fewer than two nothing is known but it.
  struct estimate {
    double mean = 0, low = 0, high = 0;
  };
  estimate now() const;

private:
  std::vector<double> all_;
  std::size_t next_ = 0; ///< to be replaced
};

/// What SHADOW found: seconds that an answer through the node takes longer than the same
/// one directly. It alone writes, a scrape reads.
class transparency final : public prometheus::Collectable {
public:
  struct pair {
    double first = 0; ///< seconds to the first record, through the node less directly
    double total = 0; ///< to the last one, likewise
  };
  void compared(pair found);
  void failed() { failed_.fetch_add(1, std::memory_order_relaxed); }
  void skipped() { skipped_.fetch_add(1, std::memory_order_relaxed); }

  std::vector<prometheus::MetricFamily> Collect() const override;

private:
  struct reading {
    paired_differences::estimate first, total;
  };
  paired_differences first_, total_;
  std::shared_ptr<const reading> now_; ///< atomic; null: too few
  std::atomic<std::uint64_t> compared_{0}, failed_{0}, skipped_{0};
};

} // namespace conductor
