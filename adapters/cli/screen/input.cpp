#include "adapters/cli/screen/input.hpp"

#include "adapters/cli/screen/utf8.hpp"

#include <ncurses.h>

#include <utility>

namespace conductor::cli {

namespace {

using kind = key::kind;

// Codes behind ncurses' own.
enum : int {
  key_paste_begins = KEY_MAX + 1,
  key_paste_ends,
  key_word_left,
  key_word_right,
  key_alt_enter
};
constexpr std::size_t longest_paste = 4u << 20;

key mouse_key() {
  MEVENT e;
  if (::getmouse(&e) != OK)
    return {kind::function, ""};
  auto is = e.bstate & BUTTON4_PRESSED   ? kind::wheel_up
            : e.bstate & BUTTON5_PRESSED ? kind::wheel_down
                                         : kind::click;
  return {is, {}, static_cast<unsigned>(e.y), static_cast<unsigned>(e.x)};
}

key control_key(char32_t c) {
  switch (c) {
  case '\r':
    return {kind::enter};
  case '\n':
    return {kind::new_line};
  case '\t':
    return {kind::tab};
  case 8:
  case 127:
    return {kind::backspace};
  default:
    return {kind::ctrl,
            std::string(1, static_cast<char>(c < 27 ? c + 'a' - 1 : c + '@'))};
  }
}

} // namespace

void key_input::name_keys() {
  const std::pair<const char*, int> names[] = {{"\x1b[200~", key_paste_begins},
                                               {"\x1b[201~", key_paste_ends},
                                               {"\x1b[1;5D", key_word_left},
                                               {"\x1b[1;5C", key_word_right},
                                               {"\x1b[1;3D", key_word_left},
                                               {"\x1b[1;3C", key_word_right},
                                               {"\x1b\r", key_alt_enter},
                                               {"\x1b[H", KEY_HOME},
                                               {"\x1b[F", KEY_END},
                                               {"\x1b[1~", KEY_HOME},
                                               {"\x1b[4~", KEY_END}};
  for (const auto& [sequence, code] : names)
    ::define_key(sequence, code);
}

bool key_input::special(unsigned code, key& found) const {
  static const std::pair<int, kind> known[] = {{KEY_ENTER, kind::enter},
                                               {key_alt_enter, kind::new_line},
                                               {KEY_BTAB, kind::back_tab},
                                               {KEY_BACKSPACE, kind::backspace},
                                               {KEY_DC, kind::del},
                                               {KEY_LEFT, kind::left},
                                               {KEY_RIGHT, kind::right},
                                               {KEY_UP, kind::up},
                                               {KEY_DOWN, kind::down},
                                               {key_word_left, kind::word_left},
                                               {key_word_right, kind::word_right},
                                               {KEY_HOME, kind::home},
                                               {KEY_END, kind::end},
                                               {KEY_PPAGE, kind::page_up},
                                               {KEY_NPAGE, kind::page_down}};
  for (const auto& [has, is] : known)
    if (static_cast<unsigned>(has) == code) {
      found = {is};
      return true;
    }
  if (code == KEY_MOUSE)
    found = mouse_key();
  else if (code > KEY_F0 && code <= KEY_F0 + 12)
    found = {kind::function, std::to_string(code - KEY_F0)};
  else
    return false;
  return true;
}

void key_input::take(int type, unsigned code,
                     const std::function<void(const key&)>& on_key) {
  if (type == KEY_CODE_YES && code == key_paste_begins) {
    pasting_ = true;
    return;
  }
  if (type == KEY_CODE_YES && code == key_paste_ends) {
    pasting_ = false;
    on_key({kind::paste, std::exchange(pasted_, {})});
    return;
  }
  if (pasting_) {
    if (type != KEY_CODE_YES && pasted_.size() < longest_paste)
      pasted_ += code == '\r' ? "\n" : utf8_of(static_cast<char32_t>(code));
    return;
  }
  bool alt = std::exchange(escaped_, false);
  if (type == KEY_CODE_YES) {
    key k;
    if (special(code, k))
      on_key(k);
  } else if (alt && code == '\r') {
    on_key({kind::new_line});
  } else if (alt && code >= 32 && code != 127) {
    on_key({kind::alt, utf8_of(static_cast<char32_t>(code))});
  } else {
    if (alt)
      on_key({kind::escape});
    if (code == 27)
      escaped_ = true;
    else if (code < 32 || code == 127)
      on_key(control_key(code));
    else
      on_key({kind::text, utf8_of(static_cast<char32_t>(code))});
  }
}

void key_input::read(const std::function<void(const key&)>& on_key) {
  wint_t code = 0;
  for (int type = ::get_wch(&code); type != ERR; type = ::get_wch(&code))
    take(type, code, on_key);
  // ncurses has waited for what may follow: nothing did.
  if (std::exchange(escaped_, false))
    on_key({kind::escape});
}

} // namespace conductor::cli
