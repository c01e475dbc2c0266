#include "adapters/cli/word_wrap.hpp"

#include "adapters/cli/text_width.hpp"

namespace conductor::cli {

std::string word_wrap::push(std::string_view text, unsigned columns) {
  if (columns < 10)
    return std::string(text);
  std::string out;
  while (!text.empty()) {
    auto c = next_character(text);
    bool line_end = c.code == '\n' || c.code == '\r';
    bool blank = c.code == ' ' || c.code == '\t';
    bool crosses = column_ + 1 > columns - 5;
    bool movable = word_width_ <= columns - 10;
    if (crosses && movable && !line_end && (!blank || column_ + 1 >= columns)) {
      if (word_width_ > 0)
        out += "\x1b[" + std::to_string(word_width_) + "D";
      out += "\x1b[K\n" + word_;
      column_ = word_width_;
    }
    out += c.bytes;
    column_ = line_end ? 0 : column_ + c.width;
    if (column_ > columns)
      column_ = c.width; // the terminal went to its next line by itself
    if (line_end || blank || c.width >= 2) {
      word_.clear();
      word_width_ = 0;
    } else {
      word_ += c.bytes;
      word_width_ += c.width;
    }
  }
  return out;
}

} // namespace conductor::cli
