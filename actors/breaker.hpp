#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace conductor {

/// Circuit breaker of one backend: whether to try it, decided from how tries went; a pure
/// decision, fed with times.
///
/// It trips when at least three answers failed within ten seconds, and no more went well.
/// Then nothing is tried for a second, and after it one at a time; each trial that fails
/// doubles that pause, up to a minute.
class breaker {
public:
  using time_point = std::chrono::steady_clock::time_point;
  enum class state {
    closed,
    open,      ///< its pause is not over
    half_open, ///< its pause is over: one may try
  };

  /// `successes` answers went well since the last report of a failure.
  void failed(time_point now, std::uint64_t successes);
  /// Closed; or its pause is over and no trial is under way.
  bool may_try(time_point now) const;
  void trying();    ///< a trial is under way; matters only when it is not closed
  void succeeded(); ///< the trial went well: closed, and the pause is reset
  /// The trial ended with neither outcome (it was cancelled): another may try.
  void released();
  state now(time_point at) const {
    if (!until_)
      return state::closed;
    return at < *until_ ? state::open : state::half_open;
  }
  /// When one that is not closed may be tried; empty: it is closed.
  std::optional<time_point> until() const;

private:
  /// One failure, and what went well between the one before and it.
  struct report {
    time_point before{};
    time_point at{};
    std::uint64_t successes = 0;
  };

  bool trips(time_point now) const;
  void drop_oldest();
  void open(time_point now, std::chrono::nanoseconds pause);

  std::deque<report> failures_;    ///< the oldest first
  std::uint64_t successes_ = 0;    ///< of all these
  std::optional<time_point> last_; ///< failure
  std::optional<time_point> until_;
  std::chrono::nanoseconds pause_{};
  bool trial_ = false;
};

} // namespace conductor
