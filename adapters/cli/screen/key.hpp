#pragma once

#include <string>
#include <string_view>

namespace conductor::cli {

/// One key that was pressed, or a text that was pasted.
struct key {
  enum class kind {
    text,  ///< a character
    paste, ///< what was pasted, with its line feeds
    ctrl,  ///< with a letter in lower case
    alt,   ///< with a character
    enter,
    new_line, ///< Alt-Enter or Ctrl-J
    escape,
    tab,
    back_tab,
    backspace,
    del,
    left,
    right,
    up,
    down,
    word_left,
    word_right,
    home,
    end,
    page_up,
    page_down,
    wheel_up,
    wheel_down,
    click, ///< at row and column
    function
  };
  kind is = kind::text;
  std::string text = {};        ///< UTF-8; of a function key its number
  unsigned row = 0, column = 0; ///< of a click, from 0

  /// Whether it is that character, pressed alone.
  bool typed(std::string_view what) const { return is == kind::text && text == what; }
  bool with_ctrl(std::string_view what) const { return is == kind::ctrl && text == what; }
  bool with_alt(std::string_view what) const { return is == kind::alt && text == what; }
};

} // namespace conductor::cli
