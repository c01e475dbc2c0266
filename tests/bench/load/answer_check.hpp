#pragma once

#include "tests/bench/load/line_check.hpp"

namespace conductor::bench {

/// Checks answers by the times in their records: every record once, in the order in which
/// it was sent, then `done:true`, then nothing.
class answer_check : public line_check {
public:
  answer_check() : line_check("done:true") {}

  void expect(const question& q) override;
  void line(std::string_view text, std::vector<std::int64_t>& times) override;

private:
  std::int64_t last_ = 0;
};

} // namespace conductor::bench
