#pragma once

#include "tests/bench/load/plan.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace conductor::bench {

/// Checks one answer after the other, line by line: that it is what was asked for, all of
/// it, once, in order. Throws load_error when it is not.
class line_check {
public:
  virtual ~line_check() = default;

  /// The next answer is to this question.
  virtual void expect(const question& q) = 0;

  /// Checks a line, and adds to `times` when each record in it was sent or was due:
  /// CLOCK_MONOTONIC in ns.
  virtual void line(std::string_view text, std::vector<std::int64_t>& times) = 0;

  /// The response is over: nothing may be missing.
  virtual void over() const = 0;

  /// Content records of this answer so far.
  virtual unsigned count() const = 0;
};

} // namespace conductor::bench
