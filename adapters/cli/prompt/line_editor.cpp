#include "adapters/cli/prompt/line_editor.hpp"

#include "adapters/cli/prompt/history_file.hpp"
#include "adapters/cli/terminal.hpp"
#include "adapters/cli/text_width.hpp"

#include <histedit.h>
#include <langinfo.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cwchar>
#include <string_view>
#include <utility>

namespace conductor::cli {

namespace {

constexpr auto paste_marks_on = "\x1b[?2004h", paste_marks_off = "\x1b[?2004l";

std::wstring wide(std::string_view text) {
  std::wstring out;
  while (!text.empty())
    out += static_cast<wchar_t>(next_character(text).code);
  return out;
}

void append(std::string& out, char32_t c) {
  auto byte = [&](char32_t b) { out += static_cast<char>(b); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xc0 | c >> 6), byte(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 0x3f)), byte(0x80 | (c & 0x3f));
  } else {
    byte(0xf0 | c >> 18), byte(0x80 | (c >> 12 & 0x3f));
    byte(0x80 | (c >> 6 & 0x3f)), byte(0x80 | (c & 0x3f));
  }
}

std::string narrow(const wchar_t* from, const wchar_t* to) {
  std::string out;
  for (; from != to; ++from)
    append(out, static_cast<char32_t>(*from));
  return out;
}

// Characters are UTF-8 whatever the locale says: it is what the node speaks, and what
// terminals do.
void speak_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8")
    std::setlocale(LC_CTYPE, "C.UTF-8");
}

} // namespace

struct line_editor::state {
  EditLine* edit = nullptr;
  HistoryW* history = nullptr;
  std::deque<wchar_t> keys;
  std::wstring prompt;
  std::string hint;
  bool open = false, hinted = false;

  static state& of(EditLine* edit) {
    void* data = nullptr;
    ::el_wget(edit, EL_CLIENTDATA, &data);
    return *static_cast<state*>(data);
  }
  static int next(EditLine* edit, wchar_t* c) {
    auto& keys = of(edit).keys;
    if (keys.empty())
      return 0;
    *c = keys.front();
    keys.pop_front();
    return 1;
  }
  static wchar_t* prompt_of(EditLine* edit) { return of(edit).prompt.data(); }

  // Where the cursor is below the line's first row, as libedit lays it out.
  unsigned row() const {
    const auto* line = ::el_wline(edit);
    auto columns = terminal_width(1);
    unsigned row = 0, column = 0;
    auto put = [&](wchar_t c) {
      if (c == L'\n') {
        ++row, column = 0;
        return;
      }
      auto width =
          static_cast<unsigned>(c == L'\t' ? 8 - column % 8 : std::max(0, ::wcwidth(c)));
      if (column + width > columns)
        ++row, column = 0;
      column += width;
      if (column >= columns)
        ++row, column = 0;
    };
    std::for_each(prompt.begin(), prompt.end(), put);
    std::for_each(line->buffer, line->cursor, put);
    return std::min(row, terminal_height(1) - 1);
  }

  void draw_hint() {
    const auto* line = ::el_wline(edit);
    hinted = line->lastchar == line->buffer && !hint.empty() && surface_of(1).colour &&
             prompt.size() + text_width(hint) < terminal_width(1);
    if (hinted)
      write_out("\x1b[38;5;245m" + hint + "\x1b[0m\x1b[" +
                std::to_string(text_width(hint)) + "D");
  }
  void erase_hint() {
    if (std::exchange(hinted, false))
      write_out("\x1b[K");
  }
  void end() {
    open = false;
    ::el_wset(edit, EL_UNBUFFERED, 0); // which also gives the terminal back
    ::el_wset(edit, EL_PREP_TERM, 1);
  }
  void press(std::wstring_view sequence) {
    keys.insert(keys.end(), sequence.begin(), sequence.end());
    while (!keys.empty()) {
      int length = 0;
      ::el_wgets(edit, &length);
    }
  }
};

line_editor::line_editor() : state_(std::make_unique<state>()) {
  speak_utf8();
  auto& s = *state_;
  s.edit = ::el_init("conductor", stdin, stdout, stderr);
  s.history = ::history_winit();
  HistEventW event;
  ::history_w(s.history, &event, H_SETSIZE, static_cast<int>(history_file::most));
  ::history_w(s.history, &event, H_SETUNIQUE, 1);
  ::el_wset(s.edit, EL_CLIENTDATA, &s);
  ::el_wset(s.edit, EL_EDITOR, L"emacs");
  ::el_wset(s.edit, EL_SIGNAL, 0);
  ::el_wset(s.edit, EL_GETCFN, state::next);
  ::el_wset(s.edit, EL_PROMPT, state::prompt_of);
  ::el_wset(s.edit, EL_HIST, history_w, s.history);
  ::el_wset(s.edit, EL_BIND, L"^U", L"vi-kill-line-prev", nullptr);
  ::el_wset(s.edit, EL_BIND, L"^W", L"ed-delete-prev-word", nullptr);
  ::el_wset(s.edit, EL_BIND, L"^D", L"ed-delete-next-char", nullptr);
  enter();
}

line_editor::~line_editor() {
  if (state_->open)
    ::el_wset(state_->edit, EL_UNBUFFERED, 0);
  leave();
  ::history_wend(state_->history);
  ::el_end(state_->edit);
}

void line_editor::enter() {
  ::el_wset(state_->edit, EL_PREP_TERM, 1);
  if (surface_of(1).terminal)
    write_all(1, paste_marks_on);
}

void line_editor::leave() {
  write_all(1, paste_marks_off);
  ::el_wset(state_->edit, EL_PREP_TERM, 0);
}

void line_editor::open(const std::string& prompt, const std::string& hint,
                       const std::string& text) {
  auto& s = *state_;
  s.prompt = wide(prompt);
  s.hint = hint;
  s.open = true;
  ::el_wset(s.edit, EL_UNBUFFERED, 1);
  if (!text.empty())
    insert(text);
  s.draw_hint();
}

void line_editor::close() {
  auto& s = *state_;
  s.erase_hint();
  s.press(L"\n");
  s.end();
}

void line_editor::drop() {
  hide();
  state_->end();
}

bool line_editor::is_open() const {
  return state_->open;
}

void line_editor::feed(const key& pressed) {
  auto& s = *state_;
  auto letter = pressed.text.empty() ? L'\0' : static_cast<wchar_t>(pressed.text[0]);
  s.erase_hint();
  switch (pressed.is) {
  case key::kind::text:
    s.press(wide(pressed.text));
    break;
  case key::kind::erase:
    s.press(L"\x7f");
    break;
  case key::kind::alt:
    if (std::wstring_view(L"bfdluc").find(letter) != std::wstring_view::npos)
      s.press(std::wstring{L'\x1b', letter});
    break;
  case key::kind::control:
    // The rest reads on, or does what no prompt should.
    if (std::wstring_view(L"abdefklnptuwy").find(letter) != std::wstring_view::npos)
      s.press(std::wstring(1, letter & 0x1f));
    break;
  default:
    break;
  }
  s.draw_hint();
}

void line_editor::insert(const std::string& text) {
  hide();
  ::el_winsertstr(state_->edit, wide(text).c_str());
  show();
}

std::string line_editor::text() const {
  const auto* line = ::el_wline(state_->edit);
  return narrow(line->buffer, line->lastchar);
}

std::string line_editor::before_cursor() const {
  const auto* line = ::el_wline(state_->edit);
  return narrow(line->buffer, line->cursor);
}

void line_editor::hide() {
  auto& s = *state_;
  s.erase_hint();
  auto up = s.row();
  std::string out("\r");
  if (up > 0)
    out.append("\x1b[").append(std::to_string(up)).append("A");
  write_out(out.append("\x1b[J"));
}

void line_editor::show() {
  ::el_wset(state_->edit, EL_REFRESH);
  state_->draw_hint();
}

void line_editor::resize() {
  hide();
  ::el_resize(state_->edit);
  show();
}

void line_editor::remember(const std::string& entry) {
  HistEventW event;
  ::history_w(state_->history, &event, H_ENTER, wide(entry).c_str());
}

} // namespace conductor::cli
