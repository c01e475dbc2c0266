#pragma once

#include "adapters/cli/screen/key.hpp"
#include "adapters/cli/screen/text.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace conductor::cli {

/// Where the cursor stands, from 0.
struct cursor {
  unsigned row = 0, column = 0;
};

/// Whom the screen tells what happens at the terminal.
struct screen_reader {
  std::function<void(const key&)> on_key;
  std::function<void()> on_resize;
  std::function<void()> on_end; ///< the terminal went away, or the process shall end
};

/// The whole terminal, by ncurses, from its making to its end. Listens to keys and to
/// changes of size while the loop runs; sends to the terminal what differs from before
/// and nothing else. One at a time, in one thread.
///
/// Whatever is shown is cleaned, and what the locale cannot say is shown as something
/// that it can. Colours are left out where NO_COLOR is set.
class screen {
public:
  /// Throws failure where standard input and output are no terminal, or one that cannot
  /// move its cursor; `instead` says what to do then.
  screen(boost::asio::io_context& io, screen_reader reader, std::string_view instead);
  ~screen();

  unsigned rows() const;
  unsigned columns() const;

  /// Shows the rows from the top; what is too much is cut off. No place: no cursor.
  void show(const lines& frame, std::optional<cursor> place = std::nullopt);

  /// Draws all of it anew with the next show: another program wrote to the terminal.
  void refresh();

  /// Puts a text into the clipboard by OSC 52, where the terminal allows that.
  void copy(std::string_view text);

  /// Whether clicks and the wheel are keys, or the terminal's own. At first the latter.
  void mouse(bool on);

  /// Stops the process until its shell lets it go on.
  void suspend();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace conductor::cli
