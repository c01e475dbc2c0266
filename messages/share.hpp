#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace conductor {

/// A sum to which many add their part; any thread.
using shared_sum = std::shared_ptr<std::atomic<std::int64_t>>;

inline std::uint64_t value_of(const shared_sum& sum) noexcept {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(sum->load(std::memory_order_relaxed), 0));
}

/// One's part of a sum, or of two, for as long as it lives.
class share {
public:
  explicit share(shared_sum of = nullptr, shared_sum also = nullptr)
      : of_(std::move(of)), also_(std::move(also)) {}
  share(share&& other) noexcept
      : of_(std::move(other.of_))
      , also_(std::move(other.also_))
      , mine_(std::exchange(other.mine_, 0)) {}
  share& operator=(share&& other) noexcept {
    set(0);
    of_ = std::move(other.of_);
    also_ = std::move(other.also_);
    mine_ = std::exchange(other.mine_, 0);
    return *this;
  }
  ~share() { set(0); }

  void set(std::uint64_t value) noexcept {
    const auto now = static_cast<std::int64_t>(value);
    for (const auto* sum : {&of_, &also_})
      if (*sum && now != mine_)
        (*sum)->fetch_add(now - mine_, std::memory_order_relaxed);
    mine_ = now;
  }

  std::uint64_t value() const noexcept { return static_cast<std::uint64_t>(mine_); }

private:
  shared_sum of_;
  shared_sum also_;
  std::int64_t mine_ = 0;
};

} // namespace conductor
