#pragma once

#include "adapters/cells/cells.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace conductor {

/// Bounds of what turns and handlers take, in seconds.
inline constexpr std::array turn_bounds{.000001, .000005, .00001, .00005, .0001, .0005,
                                        .001,    .005,    .01,    .05,    .1,    1.};

/// One thread's sign of life: what it is doing since when. Written by its thread, read by
/// the watchdog; lives as long as the process.
struct pulse {
  std::string thread;                      ///< its name, such as `lane-0`
  std::atomic<std::int64_t> busy_since{0}; ///< steady nanoseconds; 0: idle
  std::atomic<const char*> doing{""};      ///< an actor's name, which is a literal
  std::atomic<std::int64_t> longest{0};    ///< nanoseconds of the longest turn so far
  std::atomic<std::uint64_t> stalls{0};    ///< turns longer than the limit
  histogram_cell turns{turn_bounds};       ///< of seconds; beats within another count
                                           ///< for the outer one
  histogram_cell handlers{turn_bounds};    ///< every beat, without those inside
  std::int64_t inner = 0; ///< of the beats inside the present one; own thread only

  pulse(std::string name) : thread(std::move(name)) {}
};

/// Steady time in nanoseconds, the clock of every pulse.
inline std::int64_t pulse_now() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

/// Every pulse of the process.
class pulses {
public:
  static pulses& all();

  /// Pulse of the calling thread, made at its first call.
  pulse& mine();

  /// Calls `f` with each pulse; the list is locked meanwhile, the threads are not.
  template <class F>
  void each(F&& f) {
    std::lock_guard guard{mutex_};
    for (auto& p : list_)
      f(*p);
  }

  /// Logs each turn that is longer than the limit by now and still runs, once a second
  /// while it lasts; the watchdog's eye on what never ends.
  void report_stuck();

  /// Turns longer than this count as stalls. Nanoseconds.
  std::atomic<std::int64_t> limit{50'000'000};

private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<pulse>> list_;
};

/// Marks the calling thread busy with `what` until its end, and logs and counts it as a
/// stall when that took longer than the limit. Nests: the inner one's time is its own.
class beat {
public:
  explicit beat(const char* what) noexcept;
  ~beat();
  beat(const beat&) = delete;
  beat& operator=(const beat&) = delete;

private:
  pulse& pulse_;
  const char* outer_;
  std::int64_t outer_since_;
  std::int64_t since_;
  std::int64_t outer_inner_;
};

} // namespace conductor
