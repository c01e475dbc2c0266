#pragma once

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>

namespace conductor::cli {

/// The line that says what an answer waits for, with a turning mark, until its first
/// text. Its clock runs only while it is shown.
class waiting_line {
public:
  explicit waiting_line(boost::asio::io_context& loop);
  ~waiting_line();

  /// Shows the line or changes it; an empty text is only the mark.
  void show(const std::string& text);

  /// Takes the line away; the cursor is where it began.
  void clear();

private:
  struct state;
  boost::asio::io_context& loop_;
  std::unique_ptr<state> state_; // while it is shown
};

} // namespace conductor::cli
