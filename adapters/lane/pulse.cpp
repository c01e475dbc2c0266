#include "adapters/lane/pulse.hpp"

#include <pthread.h>

#include <memory>

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

beat::beat(const char* what) noexcept
    : pulse_(pulses::all().mine())
    , outer_(pulse_.doing.load(std::memory_order_relaxed))
    , outer_since_(pulse_.busy_since.load(std::memory_order_relaxed))
    , since_(pulse_now()) {
  pulse_.doing.store(what, std::memory_order_relaxed);
  pulse_.busy_since.store(since_, std::memory_order_release);
}

beat::~beat() {
  const auto took = pulse_now() - since_;
  if (took > pulse_.longest.load(std::memory_order_relaxed))
    pulse_.longest.store(took, std::memory_order_relaxed);
  if (took > pulses::all().limit.load(std::memory_order_relaxed))
    pulse_.stalls.fetch_add(1, std::memory_order_relaxed);
  pulse_.doing.store(outer_, std::memory_order_relaxed);
  // An outer turn starts anew: what a nested one took was judged already.
  pulse_.busy_since.store(outer_since_ == 0 ? 0 : pulse_now(), std::memory_order_release);
}

} // namespace conductor
