#include "adapters/cli/terminal.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace conductor::cli {

namespace {

// Returns errno of the read that failed, 0 at the end.
int read_all(int descriptor, std::string& into) {
  char space[64 * 1024];
  for (;;) {
    auto n = ::read(descriptor, space, sizeof space);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    if (n == 0)
      return 0;
    into.append(space, static_cast<std::size_t>(n));
  }
}

winsize size_of(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0)
    size = {};
  return size;
}

volatile std::sig_atomic_t terminal_to_reset = -1;
volatile std::sig_atomic_t holding = 0;
volatile std::sig_atomic_t noted = 0;

// A handler and not a loop's signal_set: it also works while a write to a stopped reader
// or a read from standard input blocks, and nothing closes sockets faster than _exit.
void on_interrupt(int) {
  if (holding && !noted) {
    noted = 1;
    return;
  }
  leave_terminal();
  ::_exit(exit_interrupted);
}

} // namespace

surface surface_of(int descriptor) {
  surface s;
  s.terminal = ::isatty(descriptor) == 1;
  s.colour =
      s.terminal && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
  return s;
}

bool input_is_terminal() {
  return ::isatty(STDIN_FILENO) == 1;
}

unsigned terminal_width(int descriptor) {
  auto columns = size_of(descriptor).ws_col;
  return columns == 0 ? 80 : columns;
}

unsigned terminal_height(int descriptor) {
  auto rows = size_of(descriptor).ws_row;
  return rows == 0 ? 24 : rows;
}

int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    auto n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR && !noted)
      continue;
    if (n < 0)
      return errno;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

void write_out(std::string_view text) {
  auto error = write_all(STDOUT_FILENO, text);
  if (error == EINTR)
    throw interruption();
  if (error == EPIPE)
    throw failure("", exit_pipe_closed);
  if (error != 0)
    throw failure("standard output: " + std::generic_category().message(error));
}

void write_error(std::string_view text) {
  write_all(STDERR_FILENO, text);
}

std::string read_input() {
  std::string all;
  auto error = read_all(STDIN_FILENO, all);
  if (error != 0 && error != EBADF)
    throw failure("standard input: " + std::generic_category().message(error));
  return all;
}

std::string read_file(const std::string& path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw std::system_error(errno, std::generic_category(), path);
  std::string all;
  auto error = read_all(descriptor, all);
  ::close(descriptor);
  if (error != 0)
    throw std::system_error(error, std::generic_category(), path);
  return all;
}

std::string read_named(const std::string& path, int code) {
  if (path == "-")
    return read_input();
  try {
    return read_file(path);
  } catch (const std::system_error& e) {
    throw failure("cannot read " + path + ": " + e.code().message(), code);
  }
}

void catch_signals() {
  if (::isatty(STDOUT_FILENO) == 1)
    terminal_to_reset = STDOUT_FILENO;
  else if (::isatty(STDERR_FILENO) == 1)
    terminal_to_reset = STDERR_FILENO;
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

held_interrupt::held_interrupt() {
  noted = 0;
  holding = 1;
}

held_interrupt::~held_interrupt() {
  holding = 0;
  noted = 0;
}

void held_interrupt::check() {
  if (noted)
    throw interruption();
}

void leave_terminal() {
  static const char reset[] = "\x1b[0m\x1b[?25h\n";
  if (terminal_to_reset >= 0) [[maybe_unused]]
    auto n = ::write(terminal_to_reset, reset, sizeof reset - 1);
}

} // namespace conductor::cli
