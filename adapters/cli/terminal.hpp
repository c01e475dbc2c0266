#pragma once

#include <string>
#include <string_view>

namespace conductor::cli {

/// How text may look on standard output or standard error.
struct surface {
  bool terminal = false; ///< cursor movement is allowed
  bool colour = false;   ///< so are colours: a terminal, and NO_COLOR is not set
};

/// What standard output (1) or standard error (2) is.
surface surface_of(int descriptor);

/// Whether standard input is a terminal.
bool input_is_terminal();

/// Columns and rows of the terminal behind `descriptor`; 80 and 24 if it cannot tell.
unsigned terminal_width(int descriptor);
unsigned terminal_height(int descriptor);

/// Writes all of `text` at once, unbuffered. Throws failure with exit_pipe_closed, and no
/// text, when the reader went away.
void write_out(std::string_view text);
void write_error(std::string_view text); ///< to standard error; failures are ignored

/// Writes all of `text` to an open file. Returns the errno of the write that failed, 0 if
/// all went out; EINTR only while an interrupt is held.
int write_all(int descriptor, std::string_view text);

/// All of standard input; empty if it is closed.
std::string read_input();

/// All of a file. Throws std::system_error.
std::string read_file(const std::string& path);

/// The same for one that the person named; `-` is standard input. Throws failure with
/// `code` that names it.
std::string read_named(const std::string& path, int code);

/// From now on Ctrl-C leaves the terminal in order and ends the process with 130, which
/// closes its connections at once; a closed pipe is an error of the write, no signal.
void catch_signals();

/// While it lives, the first Ctrl-C is only noted, for a command that has something to
/// bring to an end; the second one ends the process as catch_signals says. One at a time.
class held_interrupt {
public:
  held_interrupt();
  ~held_interrupt();
  held_interrupt(const held_interrupt&) = delete;
  held_interrupt& operator=(const held_interrupt&) = delete;

  /// Throws interruption when Ctrl-C was pressed.
  static void check();
};

/// Shows the cursor and ends colours and the line, on standard output or standard error
/// if one is a terminal, as Ctrl-C does.
void leave_terminal();

} // namespace conductor::cli
