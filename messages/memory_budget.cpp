#include "messages/memory_budget.hpp"

#include <algorithm>

namespace conductor {

std::uint64_t memory_budget::held() const noexcept {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(held_->load(std::memory_order_relaxed), 0));
}

bool memory_budget::admits(priority_class asks, std::uint64_t more) const noexcept {
  if (limit_ == 0 || more == 0)
    return true;
  const auto percent = asks == priority_class::batch    ? 70u
                       : asks == priority_class::normal ? 85u
                                                        : 100u;
  const auto most = limit_ / 100 * percent;
  return more <= most && held() <= most - more;
}

} // namespace conductor
