#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace conductor {

/// How many retries are allowed, so that a fleet in trouble is not asked twice as much: a
/// token bucket, fed with times. It starts full.
class retry_budget {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `per_second` come back, up to `burst`.
  explicit retry_budget(double per_second, double burst)
      : per_second_(per_second), burst_(burst), left_(burst) {}

  /// True: one retry is allowed, and taken.
  bool take(time_point now) {
    const std::chrono::duration<double> since = now - last_;
    if (since.count() >= 0) // messages of several senders may come out of order
      last_ = now;
    left_ = std::min(burst_, left_ + std::max(0.0, since.count()) * per_second_);
    if (left_ < 1) {
      ++refused_;
      return false;
    }
    left_ -= 1;
    return true;
  }

  std::uint64_t refused() const { return refused_; } ///< so far

private:
  double per_second_;
  double burst_;
  double left_;
  time_point last_{};
  std::uint64_t refused_ = 0;
};

} // namespace conductor
