#pragma once

#include "messages/request.hpp"

#include <array>
#include <string>
#include <string_view>

namespace conductor {

/// Remembers what an answer ends with, and reads off it what the answer took.
class answer_end {
public:
  explicit answer_end(dialect speaks) : speaks_(speaks) {}

  /// A whole record came.
  void add_record(std::string_view record);
  /// A part of a body without records came.
  void add_part(std::string_view part);

  /// The last whole record; empty: none came.
  const std::string& last() const noexcept { return last_; }

  /// Tokens and durations as the dialect tells them; 0: it does not.
  usage counters() const;

  /// Why the model ended, in the dialect's own word; empty: not told.
  std::string reason() const;

private:
  std::string_view where_told(std::string_view key) const;
  std::uint64_t number(std::string_view key) const;

  dialect speaks_;
  std::string last_;
  std::array<std::string, 2> before_; ///< records, the later one first: OpenAI's and
                                      ///< Anthropic's tell their numbers ahead of the end
  std::string tail_;                  ///< of a body without records
};

} // namespace conductor
