#pragma once

#include "messages/share.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

namespace conductor {

/// What a key may use in a minute or in a day; 0: as much as it likes.
struct allowance {
  std::uint64_t requests = 0;
  std::uint64_t tokens = 0; ///< of prompts and answers
  std::uint64_t gpu_seconds = 0;
  bool operator==(const allowance&) const = default;
};
struct key_limits {
  allowance minute;
  allowance day;
  std::uint64_t parallel = 0; ///< answers at once; 0: as many as it likes
  bool operator==(const key_limits&) const = default;
};

/// A rate by the generic cell rate algorithm: `most` at once, refilled evenly over
/// `span`. Any thread; time is passed in.
class rate_cell {
public:
  using nanoseconds = std::chrono::nanoseconds;

  /// Takes one of `most`; else how long to wait for it. 0: taken.
  nanoseconds take(nanoseconds now, std::uint64_t most, nanoseconds span) noexcept;
  /// Gives back what `take` took.
  void give_back(std::uint64_t most, nanoseconds span) noexcept;
  /// Charges what was used already, however much: whoever is in debt waits.
  void charge(nanoseconds now, double amount, std::uint64_t most,
              nanoseconds span) noexcept;
  /// How long the debt lasts; 0: there is none.
  nanoseconds debt(nanoseconds now, nanoseconds span) const noexcept;

private:
  std::atomic<std::int64_t> empty_at_{0}; ///< when all that was taken is refilled
};

/// What one key used, against its limits, which may change any time. Any thread.
class key_meter {
public:
  using nanoseconds = std::chrono::nanoseconds;
  static constexpr nanoseconds minute = std::chrono::minutes(1);
  static constexpr nanoseconds day = std::chrono::hours(24);

  /// One request more; else how long to wait, at least 1 ns. 0: it may come.
  nanoseconds admit(nanoseconds now, const key_limits& limits) noexcept;
  /// What an answer took.
  void charge(nanoseconds now, const key_limits& limits, std::uint64_t tokens,
              nanoseconds gpu) noexcept;

  bool enter(std::uint64_t most) noexcept;
  void leave() noexcept { inside_.fetch_sub(1, std::memory_order_relaxed); }

  /// Bytes of bodies that are held for it.
  const shared_sum held = std::make_shared<std::atomic<std::int64_t>>(0);

  /// Since the node's start, for who watches it.
  struct counts {
    std::atomic<std::uint64_t> admitted{0};
    std::atomic<std::uint64_t> limited{0};   ///< 429
    std::atomic<std::uint64_t> forbidden{0}; ///< 403
    std::atomic<std::uint64_t> tokens{0};
    std::atomic<std::uint64_t> gpu_ns{0};
  } seen;

private:
  /// By span of `allowance`.
  struct cells {
    rate_cell requests, tokens, gpu;
    nanoseconds debt(nanoseconds now, const allowance& a, nanoseconds span) const;
    void charge(nanoseconds now, const allowance& a, nanoseconds span, double tokens,
                double gpu_seconds);
  };
  cells minute_, day_;
  std::atomic<std::uint64_t> inside_{0};
};

/// Requests and connections that were turned away, whoever asked; any thread.
struct refusal_counts {
  std::atomic<std::uint64_t> unauthenticated{0};
  std::atomic<std::uint64_t> forbidden{0};
  std::atomic<std::uint64_t> rate_limited{0};
  std::atomic<std::uint64_t> memory{0};      ///< bodies over `limits.memory`
  std::atomic<std::uint64_t> connections{0}; ///< over a limit of connections
  std::atomic<std::uint64_t> tls{0};         ///< connections that did not agree on TLS
};

/// One answer of a key, for as long as it lives.
class key_permit {
public:
  explicit key_permit(std::shared_ptr<key_meter> of) : of_(std::move(of)) {}
  ~key_permit() { of_->leave(); }
  key_permit(const key_permit&) = delete;
  key_permit& operator=(const key_permit&) = delete;

private:
  std::shared_ptr<key_meter> of_;
};

} // namespace conductor
