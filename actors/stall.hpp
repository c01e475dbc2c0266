#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace conductor {

/// What a silent answer may be busy with.
enum class answer_phase {
  load,
  prefill, ///< from the request to its first record
  decode,  ///< from a record to the next
};

/// How long a silence may last before a model on a backend is suspect, learned from the
/// delays that ended: a phi accrual detector for each phase. A pure decision, one for
/// each backend and model.
///
/// Logarithms of delays are taken as normally distributed. A silence is suspect when it
/// is so long that a living one exceeds it once in 10^12 times; never before ten times
/// the longest delay that was seen, nor before the floor: slow hardware is not dead.
class stall_detector {
public:
  /// No silence below `floor` is suspect; 30 s are meant.
  explicit stall_detector(std::chrono::nanoseconds floor) : floor_(floor) {}

  void saw(answer_phase, std::chrono::nanoseconds delay); ///< one ended delay
  /// `count` gaps between records with that mean and longest (an answer reports once).
  void saw_gaps(std::uint64_t count, std::chrono::nanoseconds mean,
                std::chrono::nanoseconds longest);
  /// Longest silence to bear, at most a day; empty: too little is known (fewer than 20
  /// samples of that phase, or 3 loads). A prefill may meet a load, and a decode
  /// another's prefill, so it has the longest of these on top. A load may come from a
  /// cold disk: its floor is four times as high.
  std::optional<std::chrono::nanoseconds> patience(answer_phase) const;
  /// The same, rounded up; zero: too little is known.
  std::chrono::milliseconds patience_ms(answer_phase) const;

private:
  struct delays {
    std::uint64_t count = 0;
    double mean = 0;           ///< of logarithms of nanoseconds, as
    double variance = 0;       ///< this
    double recent_longest = 0; ///< nanoseconds, slowly decaying
    double longest = 0;        ///< nanoseconds, ever
  };

  void learn(answer_phase, std::uint64_t count, double mean, double longest);
  delays& of(answer_phase phase) { return phases_[static_cast<std::size_t>(phase)]; }
  const delays& of(answer_phase phase) const {
    return phases_[static_cast<std::size_t>(phase)];
  }

  std::chrono::nanoseconds floor_;
  std::array<delays, 3> phases_;
};

} // namespace conductor
