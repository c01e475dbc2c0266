#pragma once

#include <stdexcept>
#include <string>

/// The command-line client. Its own namespace, because it is linked into the node's
/// program and names like `client` mean something else there.
namespace conductor::cli {

/// Exit codes of every command.
enum exit_status : int {
  exit_ok = 0,
  exit_error = 1,
  exit_usage = 2,
  exit_interrupted = 130, ///< Ctrl-C
  exit_pipe_closed = 141  ///< the reader of standard output went away
};

/// Ends a command with an exit code and `Error: text` on standard error; an empty text
/// ends it silently.
struct failure : std::runtime_error {
  failure(const std::string& text, int code = exit_error)
      : std::runtime_error(text), code(code) {}
  int code;
};

/// Ctrl-C, for who holds it; ends a command silently.
struct interruption : failure {
  interruption() : failure("", exit_interrupted) {}
};

/// Nobody answers, or the connection broke: another attempt may succeed.
struct disconnection : failure {
  using failure::failure;
};

/// The node answered with a status of 400 or more; the text is the one it gave.
struct refusal : failure {
  refusal(unsigned status, const std::string& text) : failure(text), status(status) {}
  unsigned status;
};

} // namespace conductor::cli
