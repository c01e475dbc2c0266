#pragma once

#include <cstdint>
#include <string_view>

namespace conductor::bench {

/// Checks that one answer is what was asked for: every record once, in the order in which
/// it was sent, then `done:true`, then nothing.
class answer_check {
public:
  /// The next answer has `records` content records.
  void expect(unsigned records);

  /// Checks a record; when the scripted Ollama sent it, CLOCK_MONOTONIC in ns. Throws
  /// load_error.
  std::int64_t record(std::string_view text);

  /// The response is over. Throws load_error when something is missing.
  void over() const;

  /// Content records so far.
  unsigned count() const { return count_; }

private:
  unsigned expected_ = 0;
  unsigned count_ = 0;
  bool done_ = false;
  std::int64_t last_ = 0;
};

} // namespace conductor::bench
