#include "adapters/cli/text_width.hpp"
#include "adapters/cli/word_wrap.hpp"

#include <gtest/gtest.h>

#include <string>

namespace conductor::cli {
namespace {

// What stands on a terminal after `text`: knows only what word_wrap uses of it.
std::string screen(std::string_view text) {
  std::string line, all;
  while (!text.empty()) {
    if (text.starts_with("\x1b[K")) {
      text.remove_prefix(3);
    } else if (text.starts_with("\x1b[")) {
      auto end = text.find('D');
      line.resize(line.size() - std::stoul(std::string(text.substr(2, end - 2))));
      text.remove_prefix(end + 1);
    } else {
      auto c = next_character(text);
      line += c.bytes;
      if (c.code == '\n')
        all += std::exchange(line, {});
    }
  }
  return all + line;
}

TEST(word_wrap, moves_the_word_that_crosses_the_margin_to_the_next_line) {
  word_wrap wrap;
  EXPECT_EQ(screen(wrap.push("the quick brown fox jumps over", 20)),
            "the quick brown \nfox jumps over");
  EXPECT_EQ(screen(word_wrap().push("one two three four", 18)), "one two three \nfour");
  EXPECT_EQ(word_wrap().push("aaaaaa bbbb", 14), "aaaaaa bb\x1b[2D\x1b[K\nbbbb");
}

TEST(word_wrap, shows_the_same_in_whatever_pieces_the_text_comes) {
  std::string text = "Ein Vogel, größer als 日本 und schöner;\nfliegt weit weg 😀 heim.";
  auto whole = screen(word_wrap().push(text, 24));
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    if (cut < text.size() && (text[cut] & 0xc0) == 0x80)
      continue; // records hold whole characters
    word_wrap wrap;
    auto first = wrap.push(text.substr(0, cut), 24);
    EXPECT_EQ(screen(first + wrap.push(text.substr(cut), 24)), whole) << cut;
  }
}

TEST(word_wrap, loses_and_doubles_nothing) {
  std::string text =
      "a https://example.org/a/path/that/is/longer/than/any/line b\n\nc  d\te";
  for (unsigned columns = 1; columns < 40; ++columns) {
    auto shown = screen(word_wrap().push(text, columns));
    std::string without, expected;
    for (char c : shown)
      if (c != '\n')
        without += c;
    for (char c : text)
      if (c != '\n')
        expected += c;
    EXPECT_EQ(without, expected) << columns;
  }
}

TEST(word_wrap, leaves_a_narrow_terminal_to_itself) {
  EXPECT_EQ(word_wrap().push("some words", 9), "some words");
}

} // namespace
} // namespace conductor::cli
