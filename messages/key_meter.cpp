#include "messages/key_meter.hpp"

namespace conductor {
namespace {

using ns = std::chrono::nanoseconds;

/// What one of `most` in `span` is worth in time.
double cost_of_one(std::uint64_t most, ns span) {
  return static_cast<double>(span.count()) / static_cast<double>(most);
}

} // namespace

ns rate_cell::take(ns now, std::uint64_t most, ns span) noexcept {
  const auto cost = static_cast<std::int64_t>(cost_of_one(most, span));
  auto seen = empty_at_.load(std::memory_order_relaxed);
  std::int64_t wait = 0;
  do {
    const auto next = std::max(seen, now.count()) + cost;
    wait = next - now.count() - span.count();
    if (wait > 0)
      return ns{wait};
    if (empty_at_.compare_exchange_weak(seen, next, std::memory_order_relaxed))
      return ns{0};
  } while (wait <= 0); // another thread took one
  return ns{wait};
}

void rate_cell::give_back(std::uint64_t most, ns span) noexcept {
  empty_at_.fetch_sub(static_cast<std::int64_t>(cost_of_one(most, span)),
                      std::memory_order_relaxed);
}

void rate_cell::charge(ns now, double amount, std::uint64_t most, ns span) noexcept {
  // A debt of more than a year is one of a year: no overflow, whatever was told.
  constexpr double longest = 365.0 * 24 * 3600 * 1e9;
  const auto cost =
      static_cast<std::int64_t>(std::min(cost_of_one(most, span) * amount, longest));
  auto seen = empty_at_.load(std::memory_order_relaxed);
  auto next = seen;
  do {
    next = std::min(std::max(seen, now.count()) + cost,
                    now.count() + static_cast<std::int64_t>(longest));
  } while (!empty_at_.compare_exchange_weak(seen, next, std::memory_order_relaxed));
}

ns rate_cell::debt(ns now, ns span) const noexcept {
  return std::max(ns{empty_at_.load(std::memory_order_relaxed)} - now - span, ns{0});
}

ns key_meter::cells::debt(ns now, const allowance& a, ns span) const {
  return std::max(a.tokens != 0 ? tokens.debt(now, span) : ns{0},
                  a.gpu_seconds != 0 ? gpu.debt(now, span) : ns{0});
}

void key_meter::cells::charge(ns now, const allowance& a, ns span, double used,
                              double gpu_seconds) {
  if (a.tokens != 0)
    tokens.charge(now, used, a.tokens, span);
  if (a.gpu_seconds != 0)
    gpu.charge(now, gpu_seconds, a.gpu_seconds, span);
}

ns key_meter::admit(ns now, const key_limits& l) noexcept {
  if (const auto wait =
          std::max(minute_.debt(now, l.minute, minute), day_.debt(now, l.day, day));
      wait > ns{0})
    return wait;
  if (l.minute.requests != 0)
    if (const auto wait = minute_.requests.take(now, l.minute.requests, minute);
        wait > ns{0})
      return wait;
  if (l.day.requests != 0)
    if (const auto wait = day_.requests.take(now, l.day.requests, day); wait > ns{0}) {
      if (l.minute.requests != 0)
        minute_.requests.give_back(l.minute.requests, minute);
      return wait;
    }
  seen.admitted.fetch_add(1, std::memory_order_relaxed);
  return ns{0};
}

void key_meter::charge(ns now, const key_limits& l, std::uint64_t tokens,
                       ns gpu) noexcept {
  const auto seconds = std::chrono::duration<double>(gpu).count();
  minute_.charge(now, l.minute, minute, static_cast<double>(tokens), seconds);
  day_.charge(now, l.day, day, static_cast<double>(tokens), seconds);
  seen.tokens.fetch_add(tokens, std::memory_order_relaxed);
  seen.gpu_ns.fetch_add(static_cast<std::uint64_t>(std::max(gpu, ns{0}).count()),
                        std::memory_order_relaxed);
}

bool key_meter::enter(std::uint64_t most) noexcept {
  const auto before = inside_.fetch_add(1, std::memory_order_relaxed);
  if (most == 0 || before < most)
    return true;
  leave();
  return false;
}

} // namespace conductor
