#include "adapters/cli/screen/screen.hpp"

#include "adapters/cli/failure.hpp"
#include "adapters/cli/node.hpp"
#include "adapters/cli/screen/capability.hpp"
#include "adapters/cli/screen/glyphs.hpp"
#include "adapters/cli/screen/input.hpp"
#include "adapters/cli/terminal.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

#include <langinfo.h>
#include <ncurses.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <csignal>
#include <string>
#include <utility>

namespace conductor::cli {

namespace {

constexpr std::array<short, 9> colours{
    -1,           -1,        COLOR_CYAN,    COLOR_GREEN,
    COLOR_YELLOW, COLOR_RED, COLOR_MAGENTA, COLOR_CYAN,
    COLOR_BLUE};

attr_t attributes(const style& s) {
  attr_t a = A_NORMAL;
  if (s.bold || s.colour == tone::head)
    a |= A_BOLD;
  if (s.colour == tone::faint)
    a |= A_DIM;
  if (s.italic)
    a |= A_ITALIC;
  if (s.underline)
    a |= A_UNDERLINE;
  if (s.reverse)
    a |= A_REVERSE;
  return a;
}

// Writes past ncurses, which knows no such sequence.
void tell(std::string_view sequence) {
  write_all(STDOUT_FILENO, sequence);
}

std::string base64(std::string_view bytes) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned long three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = three << 8 |
              (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : digits[three >> (18 - 6 * k) & 63];
  }
  return out;
}

} // namespace

struct screen::state : std::enable_shared_from_this<state> {
  state(boost::asio::io_context& io, screen_reader r)
      : reader(std::move(r))
      , resized(io, SIGWINCH)
      , ended(io, SIGTERM, SIGHUP, SIGINT)
      , input(io, ::dup(STDIN_FILENO)) {}

  void listen() {
    input.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code ec) {
                       int waiting = 0;
                       bool there = ::ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0;
                       if (!self->open)
                         return;
                       if (ec || !there || waiting == 0) {
                         self->reader.on_end(); // a terminal that hangs up reads as empty
                         return;
                       }
                       self->keys.read(self->reader.on_key);
                       if (self->open)
                         self->listen();
                     });
  }
  void watch_size() {
    resized.async_wait([self = shared_from_this()](auto ec, int) {
      if (ec || !self->open)
        return;
      ::resizeterm(static_cast<int>(terminal_height(STDOUT_FILENO)),
                   static_cast<int>(terminal_width(STDOUT_FILENO)));
      self->reader.on_resize();
      self->watch_size();
    });
  }
  void watch_end() {
    ended.async_wait([self = shared_from_this()](auto ec, int) {
      if (!ec && self->open)
        self->reader.on_end();
    });
  }
  void set(const style& s) {
    auto pair = coloured ? static_cast<short>(s.colour) : short{0};
    ::attr_set(attributes(s), pair, nullptr);
  }
  // The character in its columns, whatever the C library thinks of it.
  void put(int row, int column, const character& c, std::string_view marks) {
    std::array<wchar_t, CCHARW_MAX + 1> text{};
    auto drawn = shown_as(c, unicode);
    std::size_t used = 0;
    text[used++] = drawn.code;
    if (drawn.takes_marks)
      while (!marks.empty() && used < CCHARW_MAX)
        text[used++] = static_cast<wchar_t>(next_character(marks).code);
    attr_t now{};
    short pair = 0;
    ::attr_get(&now, &pair, nullptr);
    cchar_t cell;
    ::setcchar(&cell, text.data(), now, pair, nullptr);
    ::mvadd_wch(row, column, &cell);
    if (drawn.width < c.width)
      ::mvaddch(row, column + 1, ' ');
  }
  void draw(int row, const line& l) {
    int column = 0;
    for (const auto& s : l) {
      set(s.look);
      auto text = cleaned(s.text);
      std::string_view rest = text;
      while (!rest.empty()) {
        auto c = next_character(rest);
        auto marks = rest;
        while (!rest.empty()) {
          auto after = rest;
          if (next_character(after).width != 0)
            break;
          rest = after;
        }
        marks.remove_suffix(rest.size());
        if (c.width == 0)
          continue;
        if (column + static_cast<int>(c.width) > COLS)
          return;
        put(row, column, c, marks);
        column += static_cast<int>(c.width);
      }
    }
  }

  screen_reader reader;
  boost::asio::signal_set resized, ended;
  boost::asio::posix::stream_descriptor input;
  key_input keys;
  SCREEN* terminal = nullptr;
  bool open = true, coloured = false, unicode = false;
};

screen::screen(boost::asio::io_context& io, screen_reader reader,
               std::string_view instead) {
  auto refuse = [&](const std::string& why) {
    throw failure(why + "; " + std::string(instead), exit_usage);
  };
  if (!input_is_terminal() || !surface_of(STDOUT_FILENO).terminal)
    refuse("this needs a terminal");
  std::setlocale(LC_ALL, "");
  auto name = environment("TERM");
  if (name.empty() || !can_move_cursor())
    refuse("a terminal of the kind \"" + name + "\" (TERM) cannot move its cursor");
  // Before newterm, which then leaves the signal to us.
  state_ = std::make_shared<state>(io, std::move(reader));
  state_->terminal = ::newterm(nullptr, stdout, stdin);
  if (!state_->terminal)
    refuse("the terminal cannot be used");
  state_->unicode = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
  ::raw();
  ::noecho();
  ::nonl();
  ::intrflush(stdscr, FALSE);
  ::keypad(stdscr, TRUE);
  ::nodelay(stdscr, TRUE);
  ::set_escdelay(25);
  ::leaveok(stdscr, FALSE);
  if (environment("NO_COLOR").empty() && ::has_colors() && ::start_color() == OK) {
    ::use_default_colors();
    for (std::size_t i = 0; i < colours.size(); ++i)
      ::init_pair(static_cast<short>(i), colours[i], -1);
    state_->coloured = true;
  }
  key_input::name_keys();
  ::mousemask(0, nullptr);
  tell("\x1b[?2004h"); // pastes are told apart from keys
  state_->listen();
  state_->watch_size();
  state_->watch_end();
}

screen::~screen() {
  state_->open = false;
  boost::system::error_code ignored;
  state_->resized.cancel(ignored);
  state_->ended.cancel(ignored);
  state_->input.close(ignored);
  tell("\x1b[?2004l");
  ::mousemask(0, nullptr);
  ::endwin();
  ::delscreen(state_->terminal);
}

unsigned screen::rows() const {
  return static_cast<unsigned>(LINES);
}

unsigned screen::columns() const {
  return static_cast<unsigned>(COLS);
}

void screen::show(const lines& frame, std::optional<cursor> place) {
  ::erase();
  for (int row = 0; row < LINES && row < static_cast<int>(frame.size()); ++row)
    state_->draw(row, frame[static_cast<std::size_t>(row)]);
  ::attr_set(A_NORMAL, 0, nullptr);
  ::curs_set(place ? 1 : 0);
  if (place)
    ::move(static_cast<int>(place->row), static_cast<int>(place->column));
  ::refresh();
}

void screen::refresh() {
  ::clearok(stdscr, TRUE);
}

void screen::copy(std::string_view text) {
  tell("\x1b]52;c;" + base64(text) + "\a");
}

void screen::mouse(bool on) {
  ::mouseinterval(0);
  ::mousemask(on ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, nullptr);
}

void screen::suspend() {
  tell("\x1b[?2004l");
  ::def_prog_mode();
  ::endwin();
  ::kill(0, SIGSTOP);
  ::reset_prog_mode();
  tell("\x1b[?2004h");
  ::clearok(stdscr, TRUE);
  state_->reader.on_resize();
}

} // namespace conductor::cli
