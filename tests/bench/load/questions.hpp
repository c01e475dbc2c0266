#pragma once

#include "tests/bench/load/plan.hpp"

#include <vector>

namespace conductor::bench {

/// Makes the questions of a run, one stream's after the other. Where texts are a stream's
/// own, no two questions say the same word. A stream that asks sessions asks its own ones
/// in turn: those whose place in the plan is its number, modulo the number of streams.
class questions {
public:
  /// `plan` must live as long. Throws load_error when a stream has no session.
  explicit questions(const load_plan& plan);

  /// Makes `q` the next question of that stream.
  void next(unsigned stream, unsigned records, question& q);

private:
  const std::string& session_of(unsigned stream, unsigned turn) const;

  const load_plan& plan_;
  std::vector<unsigned> turns_; ///< of each stream so far
};

} // namespace conductor::bench
