#pragma once

#include "adapters/cli/prompt/keys.hpp"

#include <memory>
#include <string>

namespace conductor::cli {

/// One line at a time on the terminal, edited by libedit. It never reads: it is given
/// keys and returns at once. While it lives, the terminal echoes nothing and sends keys
/// as they are pressed, pastes marked; Ctrl-c is still a signal.
class line_editor {
public:
  line_editor();
  ~line_editor();
  line_editor(const line_editor&) = delete;
  line_editor& operator=(const line_editor&) = delete;

  /// Begins a line at the cursor's, with `text` in it; while it is empty, `hint` stands
  /// in it in grey.
  void open(const std::string& prompt, const std::string& hint, const std::string& text);

  /// Does what the key asks for on the open line.
  void feed(const key& pressed);

  /// Puts text where the cursor of the line is.
  void insert(const std::string& text);

  /// What the line holds; and what of it is before its cursor.
  std::string text() const;
  std::string before_cursor() const;

  /// Ends the line, which stays on the screen; the cursor goes below it.
  void close();

  /// Ends the line and takes it off the screen.
  void drop();

  bool is_open() const;

  /// Takes the open line off the screen, and draws it again at the cursor's line. Text
  /// written between must end with a line feed.
  void hide();
  void show();

  /// The terminal has another size.
  void resize();

  /// Gives the terminal back to other programs, and takes it again.
  void leave();
  void enter();

  /// What Ctrl-p brings back, the oldest first.
  void remember(const std::string& entry);

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace conductor::cli
