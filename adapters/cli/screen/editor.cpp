#include "adapters/cli/screen/editor.hpp"

#include "adapters/cli/screen/utf8.hpp"
#include "adapters/cli/text_width.hpp"

#include <algorithm>
#include <utility>

namespace conductor::cli {

namespace {

using kind = key::kind;

bool in_word(char32_t c) {
  return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || c == '_';
}

} // namespace

std::string editor::text() const {
  return utf8_of(text_);
}

void editor::set(std::string_view text) {
  text_.clear();
  at_ = 0;
  insert(text);
}

std::string editor::taken() {
  auto all = text();
  if (!all.empty() && (history_.empty() || history_.back() != all))
    history_.push_back(all);
  recalled_ = history_.size();
  text_.clear();
  at_ = 0;
  return all;
}

void editor::insert(std::string_view text) {
  std::u32string fresh;
  for (auto c : characters_of(text)) {
    if (c == '\n' && !many_rows_)
      c = ' ';
    if (c == '\t')
      fresh += U"    ";
    else if (c == '\n' || (c >= 0x20 && c != 0x7f && (c < 0x80 || c >= 0xa0)))
      fresh += c;
  }
  text_.insert(at_, fresh);
  at_ += fresh.size();
}

std::size_t editor::row_start(std::size_t at) const {
  while (at > 0 && text_[at - 1] != '\n')
    --at;
  return at;
}

std::size_t editor::row_end(std::size_t at) const {
  while (at < text_.size() && text_[at] != '\n')
    ++at;
  return at;
}

std::size_t editor::word_left() const {
  auto at = at_;
  while (at > 0 && !in_word(text_[at - 1]))
    --at;
  while (at > 0 && in_word(text_[at - 1]))
    --at;
  return at;
}

std::size_t editor::word_right() const {
  auto at = at_;
  while (at < text_.size() && !in_word(text_[at]))
    ++at;
  while (at < text_.size() && in_word(text_[at]))
    ++at;
  return at;
}

void editor::erase(std::size_t from, std::size_t to) {
  text_.erase(from, to - from);
  at_ = from;
}

bool editor::go_row(int by) {
  auto start = row_start(at_), column = at_ - start;
  if (by < 0 ? start == 0 : row_end(at_) == text_.size())
    return false;
  auto other = by < 0 ? row_start(start - 1) : row_end(at_) + 1;
  at_ = std::min(other + column, row_end(other));
  return true;
}

bool editor::go_history(int by) {
  if (by < 0 ? recalled_ == 0 : recalled_ >= history_.size())
    return false;
  if (recalled_ == history_.size())
    draft_ = text();
  recalled_ = by < 0 ? recalled_ - 1 : recalled_ + 1;
  set(recalled_ == history_.size() ? draft_ : history_[recalled_]);
  return true;
}

bool editor::edit(const key& k) {
  auto size = text_.size();
  // With a letter, as shells have it.
  static const std::pair<const char*, kind> letters[] = {
      {"a", kind::home}, {"e", kind::end}, {"b", kind::left},      {"f", kind::right},
      {"d", kind::del},  {"p", kind::up},  {"h", kind::backspace},
  };
  if (k.is == kind::ctrl) {
    for (const auto& [letter, same] : letters)
      if (k.text == letter)
        return press({same});
    if (k.text == "w")
      erase(word_left(), at_);
    else if (k.text == "u")
      erase(row_start(at_), at_);
    else if (k.text == "k")
      erase(at_, row_end(at_));
    else
      return false;
    return size != text_.size();
  }
  if (k.is != kind::alt)
    return false;
  if (k.text == "b")
    at_ = word_left();
  else if (k.text == "f")
    at_ = word_right();
  else if (k.text == "d")
    erase(at_, word_right());
  else
    return false;
  return true;
}

bool editor::press(const key& k) {
  switch (k.is) {
  case kind::text:
  case kind::paste:
    insert(k.text);
    return true;
  case kind::new_line:
    if (many_rows_)
      insert("\n");
    return many_rows_;
  case kind::backspace:
    if (at_ > 0)
      erase(at_ - 1, at_);
    return true;
  case kind::del:
    if (at_ == text_.size())
      return false;
    erase(at_, at_ + 1);
    return true;
  case kind::left:
    at_ -= at_ > 0;
    return true;
  case kind::right:
    at_ += at_ < text_.size();
    return true;
  case kind::word_left:
    at_ = word_left();
    return true;
  case kind::word_right:
    at_ = word_right();
    return true;
  case kind::home:
    at_ = row_start(at_);
    return true;
  case kind::end:
    at_ = row_end(at_);
    return true;
  case kind::up:
    return go_row(-1) || go_history(-1);
  case kind::down:
    return go_row(1) || go_history(1);
  default:
    return edit(k);
  }
}

lines editor::view(std::size_t columns, std::size_t rows, cursor& at) const {
  columns = std::max<std::size_t>(columns, 2);
  std::vector<std::string> all(1);
  std::size_t used = 0, row = 0, column = 0;
  for (std::size_t i = 0; i <= text_.size(); ++i) {
    auto c = i < text_.size() ? utf8_of(text_[i]) : std::string();
    auto shown = cleaned(c);
    std::string_view rest = c;
    // A mark has no column of its own and stays where it is.
    if (shown.empty() && !c.empty() && c != "\n" && next_character(rest).width == 0)
      shown = c;
    auto width = c == "\n" ? 0 : text_width(shown);
    if (used + width >= columns) {
      all.emplace_back();
      used = 0;
    }
    if (i == at_) {
      row = all.size() - 1;
      column = used;
    }
    if (c == "\n") {
      all.emplace_back();
      used = 0;
    } else {
      all.back() += shown;
      used += width;
    }
  }
  rows = std::max<std::size_t>(rows, 1);
  auto first = row >= rows ? row - rows + 1 : 0;
  lines seen;
  for (auto i = first; i < all.size() && i < first + rows; ++i)
    seen.push_back({{all[i], {}}});
  at = {static_cast<unsigned>(row - first), static_cast<unsigned>(column)};
  return seen;
}

} // namespace conductor::cli
