#include "adapters/lane/pulse.hpp"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace conductor {

pulses& pulses::all() {
  static pulses instance;
  return instance;
}

pulse& pulses::mine() {
  thread_local pulse* own = nullptr;
  if (own == nullptr) {
    char name[16] = {};
    pthread_getname_np(pthread_self(), name, sizeof name);
    std::lock_guard guard{mutex_};
    own = list_.emplace_back(std::make_unique<pulse>(name)).get();
  }
  return *own;
}

void pulses::report_stuck() {
  const auto now = pulse_now();
  each([&](const pulse& p) {
    const auto since = p.busy_since.load(std::memory_order_acquire);
    if (since != 0 && now - since > std::max(limit.load(), std::int64_t{1'000'000'000}))
      spdlog::error("{} has been in {} for {} ms", p.thread, p.doing.load(),
                    (now - since) / 1'000'000);
  });
}

beat::beat(const char* what) noexcept
    : pulse_(pulses::all().mine())
    , outer_(pulse_.doing.load(std::memory_order_relaxed))
    , outer_since_(pulse_.busy_since.load(std::memory_order_relaxed))
    , since_(pulse_now())
    , outer_inner_(std::exchange(pulse_.inner, 0)) {
  pulse_.doing.store(what, std::memory_order_relaxed);
  pulse_.busy_since.store(since_, std::memory_order_release);
}

beat::~beat() {
  const auto total = pulse_now() - since_;
  const auto took = total - pulse_.inner;
  pulse_.handlers.observe(static_cast<double>(took) * 1e-9);
  if (outer_since_ == 0)
    pulse_.turns.observe(static_cast<double>(total) * 1e-9);
  if (took > pulse_.longest.load(std::memory_order_relaxed))
    pulse_.longest.store(took, std::memory_order_relaxed);
  if (took > pulses::all().limit.load(std::memory_order_relaxed)) {
    pulse_.stalls.fetch_add(1, std::memory_order_relaxed);
    spdlog::warn("{} was in {} for {} ms", pulse_.thread,
                 pulse_.doing.load(std::memory_order_relaxed), took / 1'000'000);
  }
  pulse_.inner = outer_inner_ + total;
  pulse_.doing.store(outer_, std::memory_order_relaxed);
  pulse_.busy_since.store(outer_since_, std::memory_order_release);
}

} // namespace conductor
