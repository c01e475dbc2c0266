#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace conductor {

/// A sum to which many add their part; any thread.
using shared_sum = std::shared_ptr<std::atomic<std::int64_t>>;

/// One's part of a sum, for as long as it lives.
class share {
public:
  explicit share(shared_sum of = nullptr) : of_(std::move(of)) {}
  share(share&& other) noexcept
      : of_(std::move(other.of_)), mine_(std::exchange(other.mine_, 0)) {}
  share& operator=(share&& other) noexcept {
    set(0);
    of_ = std::move(other.of_);
    mine_ = std::exchange(other.mine_, 0);
    return *this;
  }
  ~share() { set(0); }

  void set(std::uint64_t value) noexcept {
    const auto now = static_cast<std::int64_t>(value);
    if (of_ && now != mine_)
      of_->fetch_add(now - mine_, std::memory_order_relaxed);
    mine_ = now;
  }

  std::uint64_t value() const noexcept { return static_cast<std::uint64_t>(mine_); }

private:
  shared_sum of_;
  std::int64_t mine_ = 0;
};

} // namespace conductor
