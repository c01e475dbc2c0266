#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace conductor::cli {

/// Cuts a byte stream into lines, wherever the network split it. Blank lines are dropped,
/// a carriage return before the line feed too. A line that came in one piece is not
/// copied.
class line_splitter {
public:
  using sink = std::function<void(std::string_view)>;

  /// `limit` bounds one line, in bytes.
  explicit line_splitter(std::size_t limit = 64u << 20) : limit_(limit) {}

  /// Takes the next bytes and hands every line that is now complete to `line`.
  /// Throws failure when a line exceeds the limit.
  void feed(std::string_view bytes, const sink& line);

  /// The stream is over: what is left is a line even without its line feed.
  void finish(const sink& line);

private:
  std::size_t limit_;
  std::string rest_; // an unfinished line
};

} // namespace conductor::cli
