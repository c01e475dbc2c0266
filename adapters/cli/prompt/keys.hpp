#pragma once

#include <deque>
#include <string>
#include <string_view>

namespace conductor::cli {

/// What a person did at the keyboard, once.
struct key {
  enum class kind {
    text,    ///< a character, in UTF-8
    control, ///< with Ctrl: `text` is one lower-case letter
    alt,     ///< with Alt: `text` is one lower-case letter
    enter,
    new_line, ///< Ctrl-j or Alt-Enter: the line goes on in the next one
    erase,    ///< Backspace
    paste     ///< what the terminal says was pasted, with line feeds
  };
  kind is;
  std::string text = {};
  bool operator==(const key&) const = default;
};

/// Cuts the bytes of a terminal into keys, wherever reads split them, so that whoever
/// takes a key never has to wait for the rest of it. The terminal is in libedit's mode:
/// Enter is a line feed, Ctrl-j a carriage return. Keys that move are told as the control
/// letters that do the same; keys that nobody knows are dropped.
class key_reader {
public:
  /// Adds the keys that `bytes` complete to `keys`.
  void push(std::string_view bytes, std::deque<key>& keys);

private:
  // Takes one key off `rest_`; false: more bytes are needed.
  bool take(std::deque<key>& keys);
  bool take_escape(std::deque<key>& keys);
  bool take_paste(std::deque<key>& keys);

  std::string rest_;
  bool pasting_ = false;
};

} // namespace conductor::cli
