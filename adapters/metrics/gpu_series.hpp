#pragma once

#include "messages/gpu.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <memory>
#include <vector>

namespace conductor {

/// The series of this machine's GPUs and of models in memory; a family without a value is
/// left out. Labels are bounded: what is too much of one kind is summed up as `other`.
std::vector<prometheus::MetricFamily> families_of(const gpu_report& now);

/// Those of the last report. Any thread, no lock.
class gpu_series final : public prometheus::Collectable {
public:
  void show(gpu_report_ptr now) { std::atomic_store(&now_, std::move(now)); }
  std::vector<prometheus::MetricFamily> Collect() const override {
    const auto now = std::atomic_load(&now_);
    return now ? families_of(*now) : std::vector<prometheus::MetricFamily>{};
  }

private:
  gpu_report_ptr now_; ///< atomic
};

} // namespace conductor
