#pragma once

#include "adapters/cli/prompt/composer.hpp"
#include "adapters/cli/prompt/history_file.hpp"
#include "adapters/cli/prompt/keys.hpp"
#include "adapters/cli/prompt/line_editor.hpp"
#include "adapters/cli/prompt/waiting_line.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace conductor::cli {

/// The person at the terminal: lines are edited here, keys that come while something else
/// is shown are kept for the next line, and what happens elsewhere is written above the
/// line. Everything is driven by the loop, which runs inside next() and run_until().
class console {
public:
  /// Ctrl-c while no line is being edited calls `on_interrupt`.
  console(boost::asio::io_context& loop, std::function<void()> on_interrupt);

  /// Lets the person enter something. Empty: they want to leave.
  std::optional<entry> next();

  /// Runs the loop until `done` is true.
  void run_until(const std::function<bool()>& done);

  /// Writes lines, each with its line feed; a line that is being edited is drawn again
  /// below them.
  void say(const std::string& lines);

  /// While held, the line being edited is off the screen and keys wait.
  void hold();
  void release();

  /// What an answer waits for; cleared by the next hold.
  waiting_line& waiting() { return waiting_; }

  void keep_history(bool kept) { history_kept_ = kept; }

private:
  enum class step { more, entered, leave };

  void listen();
  void hear_signals();
  void interrupt();
  void resized();
  void suspend();
  [[noreturn]] void killed(int signal);

  void open(const std::string& text = {});
  step take(const key& pressed);
  step enter();
  void hold_line(const std::string& line, const std::string& rest);
  void paste(const std::string& text);
  void compose();
  void remember(const std::string& text);

  boost::asio::io_context& loop_;
  std::function<void()> on_interrupt_;
  line_editor editor_;
  waiting_line waiting_;
  boost::asio::posix::stream_descriptor input_;
  std::array<char, 4096> space_{};
  boost::asio::signal_set signals_, children_;
  key_reader reader_;
  std::deque<key> typed_;
  composer lines_;
  std::optional<entry> entered_;
  history_file history_;
  bool held_ = false, ended_ = false, history_kept_ = true, away_ = false;
};

} // namespace conductor::cli
