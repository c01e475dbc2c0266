#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace conductor::cli {

/// One download's bar, in the look of `ollama pull`: message, percentage, bar, sizes,
/// rate and remaining time. Time comes from outside.
class progress_bar {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `done` bytes were there already when the bar began.
  progress_bar(std::string message, std::int64_t total, std::int64_t done,
               time_point now);

  /// `done` bytes are there now.
  void set(std::int64_t done, time_point now);

  bool finished() const { return stopped_.has_value(); }

  /// The line without its line feed, filling `columns`.
  std::string render(unsigned columns) const;

private:
  double rate() const; // bytes per second over the last ten seconds or so, 0 if unknown

  struct sample {
    time_point at;
    std::int64_t done;
  };
  std::string message_;
  std::int64_t total_, first_, done_;
  time_point started_;
  std::optional<time_point> stopped_;
  std::deque<sample> samples_; // at most one a second
};

} // namespace conductor::cli
