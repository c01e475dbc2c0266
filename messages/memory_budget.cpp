#include "messages/memory_budget.hpp"

namespace conductor {

std::uint64_t memory_budget::held() const noexcept {
  return value_of(held_);
}

bool memory_budget::admits(priority_class asks, std::uint64_t more) const noexcept {
  if (limit_ == 0 || more == 0)
    return true;
  const auto percent = asks == priority_class::batch    ? 70u
                       : asks == priority_class::normal ? 85u
                                                        : 100u;
  const auto most = limit_ / 100 * percent;
  return most > 0 && fits(most, held(), more);
}

} // namespace conductor
