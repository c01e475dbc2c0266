#pragma once

#include "tests/bench/load/plan.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::bench {

/// Checks one answer after the other, line by line: that it is what was asked for, all of
/// it, once, in order. Throws load_error when it is not.
class line_check {
public:
  virtual ~line_check() = default;

  /// The next answer is to this question.
  virtual void expect(const question& q) {
    expected_ = q.records;
    count_ = 0;
    done_ = false;
  }

  /// Checks a line, and adds to `times` when each record in it was sent or was due:
  /// CLOCK_MONOTONIC in ns.
  virtual void line(std::string_view text, std::vector<std::int64_t>& times) = 0;

  /// The response is over: nothing may be missing.
  void over() const {
    if (count_ != expected_)
      throw load_error(std::to_string(count_) + " of " + std::to_string(expected_) +
                       " records arrived");
    if (!done_)
      throw load_error(std::string("the answer ended without ") + end_);
  }

  /// Content records of this answer so far.
  unsigned count() const { return count_; }

protected:
  /// `end`: what ends an answer, in words.
  explicit line_check(const char* end) : end_(end) {}

  /// One more content record came.
  void add_record() {
    if (++count_ > expected_)
      throw load_error("more records than the " + std::to_string(expected_) +
                       " asked for");
  }

  bool done_ = false; ///< the answer's end came
  unsigned count_ = 0;

private:
  const char* end_;
  unsigned expected_ = 0;
};

} // namespace conductor::bench
