#include "adapters/cli/prompt/console.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/prompt/editor_program.hpp"
#include "adapters/cli/terminal.hpp"

#include <boost/asio/buffer.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace conductor::cli {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Opened anew, because a descriptor that does not block must not be shared with the
// shell.
int own_terminal() {
  const char* name = ::ttyname(STDIN_FILENO);
  int terminal = ::open(name ? name : "/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0)
    throw failure("cannot open the terminal: " + std::generic_category().message(errno));
  return terminal;
}

} // namespace

console::console(asio::io_context& loop, std::function<void()> on_interrupt)
    : loop_(loop)
    , on_interrupt_(std::move(on_interrupt))
    , waiting_(loop)
    , input_(loop, own_terminal())
    , signals_(loop, SIGINT, SIGWINCH, SIGTERM)
    , children_(loop, SIGCHLD)
    , history_(history_path()) {
  signals_.add(SIGHUP);
  signals_.add(SIGTSTP);
  history_kept_ = environment("OLLAMA_NOHISTORY").empty();
  for (const auto& entry : history_.read())
    editor_.remember(entry);
  listen();
  hear_signals();
}

void console::listen() {
  input_.async_read_some(asio::buffer(space_), [this](error_code ec, std::size_t size) {
    if (ec == asio::error::operation_aborted)
      return;
    reader_.push({space_.data(), size}, typed_);
    ended_ = ec.failed();
    if (!ended_)
      listen();
  });
}

void console::hear_signals() {
  signals_.async_wait([this](error_code ec, int signal) {
    if (ec)
      return;
    if (signal == SIGINT)
      interrupt();
    else if (signal == SIGWINCH)
      resized();
    else if (signal == SIGTSTP)
      suspend();
    else
      killed(signal);
    hear_signals();
  });
}

void console::killed(int signal) {
  editor_.leave();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  std::_Exit(128 + signal);
}

void console::interrupt() {
  if (away_)
    return; // it is the editor's
  if (held_ || !editor_.is_open())
    return on_interrupt_();
  bool nothing = editor_.text().empty() && !lines_.open();
  editor_.close();
  typed_.clear();
  lines_.reset();
  if (nothing)
    write_out("Use Ctrl + d or /bye to exit.\n");
  open();
}

void console::resized() {
  if (editor_.is_open() && !held_ && !away_)
    editor_.resize();
}

void console::suspend() {
  if (away_)
    return; // the editor stops by itself
  bool shown = editor_.is_open() && !held_;
  if (shown)
    editor_.hide();
  editor_.leave();
  std::raise(SIGSTOP); // not SIGTSTP: that one is heard here
  editor_.enter();     // the shell has brought it back
  if (shown)
    editor_.show();
}

void console::run_until(const std::function<bool()>& done) {
  while (!done())
    loop_.run_one();
}

std::optional<entry> console::next() {
  entered_.reset();
  open();
  for (;;) {
    run_until([this] { return ended_ || (!held_ && !typed_.empty()); });
    if (typed_.empty()) {
      editor_.close();
      return std::nullopt;
    }
    auto pressed = std::move(typed_.front());
    typed_.pop_front();
    auto then = take(pressed);
    if (then == step::leave)
      return std::nullopt;
    if (then == step::entered)
      return std::move(entered_);
  }
}

void console::open(const std::string& text) {
  bool more = lines_.open();
  editor_.open(more ? "... " : ">>> ",
               more ? "Press Enter to send" : "Send a message (/? for help)", text);
}

console::step console::take(const key& pressed) {
  auto is_control = [&](char letter) {
    return pressed.is == key::kind::control && pressed.text[0] == letter;
  };
  if (pressed.is == key::kind::enter)
    return enter();
  if (pressed.is == key::kind::paste) {
    paste(pressed.text);
  } else if (pressed.is == key::kind::new_line) {
    auto before = editor_.before_cursor();
    hold_line(before, editor_.text().substr(before.size()));
  } else if (is_control('d') && editor_.text().empty() && !lines_.open()) {
    editor_.close();
    return step::leave;
  } else if (is_control('l')) {
    editor_.hide();
    write_out("\x1b[H\x1b[2J");
    editor_.show();
  } else if (is_control('z')) {
    suspend();
  } else if (is_control('g')) {
    compose();
  } else {
    editor_.feed(pressed);
  }
  return step::more;
}

console::step console::enter() {
  auto line = editor_.text();
  editor_.close();
  auto before = lines_.lines();
  entered_ = lines_.push(line);
  if (entered_ && entered_->text.find_first_not_of(" \t\n") != std::string::npos) {
    remember(entered_->is == entry::kind::command ? line : before + line);
    return step::entered;
  }
  open();
  return step::more;
}

void console::hold_line(const std::string& line, const std::string& rest) {
  editor_.drop();
  write_out(as_entered(line + "\n", !lines_.open()));
  lines_.hold(line);
  open(rest);
}

void console::paste(const std::string& text) {
  auto end = text.rfind('\n');
  if (end == std::string::npos)
    return editor_.insert(text);
  auto before = editor_.before_cursor();
  auto after = editor_.text().substr(before.size());
  hold_line(before + text.substr(0, end), text.substr(end + 1) + after);
}

void console::compose() {
  auto draft = lines_.lines() + editor_.text();
  editor_.drop();
  editor_.leave();
  away_ = true;
  input_.cancel();
  std::string problem;
  try {
    draft = edited(draft, [this](int child) {
      int status = 0;
      while (::waitpid(child, &status, WNOHANG) == 0) {
        bool heard = false;
        children_.async_wait([&](error_code, int) { heard = true; });
        run_until([&] { return heard; });
      }
      return status;
    });
  } catch (const failure& why) {
    problem = "Error: " + std::string(why.what()) + "\n";
  }
  away_ = false;
  editor_.enter();
  listen();
  write_out(problem);
  lines_.reset();
  auto end = draft.rfind('\n');
  if (end != std::string::npos)
    lines_.hold(draft.substr(0, end));
  if (lines_.open())
    write_out(as_entered(lines_.lines(), true));
  open(end == std::string::npos ? draft : draft.substr(end + 1));
}

void console::remember(const std::string& text) {
  if (!history_kept_)
    return;
  editor_.remember(text);
  history_.add(text);
}

void console::say(const std::string& lines) {
  if (!editor_.is_open() || held_)
    return write_out(lines);
  editor_.hide();
  write_out(lines);
  editor_.show();
}

void console::hold() {
  waiting_.clear();
  if (held_)
    return;
  if (editor_.is_open())
    editor_.hide();
  held_ = true;
}

void console::release() {
  waiting_.clear();
  if (!held_)
    return;
  held_ = false;
  if (editor_.is_open()) {
    if (lines_.open())
      write_out(as_entered(lines_.lines(), true));
    editor_.show();
  }
}

} // namespace conductor::cli
