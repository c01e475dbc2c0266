#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace conductor {

/// Walks JSON without keeping it: no document tree, no byte is copied. What it returns
/// are parts of the text, so that a caller knows where they stand.
///
/// Every call leaves it behind what it read, or at the end of the text with `ok` false.
/// Strings and numbers are not checked: what reads the JSON next does that.
class json_scanner {
public:
  explicit json_scanner(std::string_view text) : text_(text) {}

  bool ok = true;

  /// Bytes in front of it.
  std::size_t at() const noexcept { return at_; }
  /// The next character that is no white space; 0 at the end.
  char peek();
  /// Steps over `c`, if that comes next.
  bool take(char c);
  /// The raw inside of a string, escapes as they stand.
  std::string_view string();
  /// Any value's text.
  std::string_view value();

  /// Calls `f(key)` with the raw key of each member of the object here; `f` reads the
  /// value.
  template <class F>
  void object(F f) {
    if (!take('{')) {
      fail();
      return;
    }
    if (take('}'))
      return;
    while (ok) {
      peek();
      const auto key = string();
      if (!ok || !take(':')) {
        fail();
        return;
      }
      f(key);
      if (take('}'))
        return;
      if (!take(','))
        fail();
    }
  }

private:
  void skip_nested();
  std::string_view fail();

  std::string_view text_;
  std::size_t at_ = 0;
};

/// The raw inside of a string with its escapes resolved, as far as names need them: no
/// surrogate pairs.
std::string unescaped(std::string_view raw);

/// A raw key as Go compares those of its structs: in any case.
std::string folded_key(std::string_view raw);

/// What a value that is a string says; empty: it is none.
std::string string_in(std::string_view value);

} // namespace conductor
