#include "adapters/cli/screen/columns.hpp"
#include "adapters/cli/screen/glyphs.hpp"
#include "adapters/cli/screen/text.hpp"
#include "adapters/cli/text_width.hpp"

#include <gtest/gtest.h>

namespace conductor::cli {
namespace {

TEST(cleaned, leaves_no_control_that_a_terminal_would_obey) {
  auto text = cleaned("a\x1b[31mred\x1b]52;c;AAAA\x07\x9b\xc2\x9b"
                      "5n\r\x7f\x01z");
  for (unsigned char c : text)
    EXPECT_GE(c, 0x20);
  EXPECT_EQ(text.find('\x7f'), std::string::npos);
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
  EXPECT_TRUE(text.starts_with("a"));
  EXPECT_TRUE(text.ends_with("z"));
}

TEST(cleaned, leaves_out_what_takes_no_room_or_turns_text_around) {
  EXPECT_EQ(cleaned("a\u200bb\u202ec\u2066d\ufeffe\u00adf"), "abcdef");
}

TEST(cleaned, keeps_two_marks_on_a_character_and_none_alone) {
  EXPECT_EQ(cleaned("\u0301e\u0301\u0301\u0301\u0301x"), "e\u0301\u0301x");
}

TEST(cleaned, makes_spaces_of_tabs_and_line_feeds) {
  EXPECT_EQ(cleaned("a\tb\nc"), "a    b c");
}

TEST(cleaned, shows_bytes_that_are_no_utf_8) {
  EXPECT_EQ(cleaned("a\xff\xc3"), "a\ufffd\ufffd");
}

TEST(fitted, is_exactly_so_wide) {
  for (const std::string_view text :
       {"", "abc", "a longer text", "東京東京東京", "e\u0301e"})
    for (std::size_t columns = 0; columns < 14; ++columns) {
      EXPECT_EQ(text_width(fitted(text, columns)), columns) << text;
      EXPECT_EQ(
          width_of(fitted(line{{std::string(text), {}}, {"more", {tone::bad}}}, columns)),
          columns)
          << text;
    }
}

TEST(wrapped, breaks_between_words_and_inside_of_those_that_are_too_long) {
  EXPECT_EQ(plain(wrapped({{"the quick brown fox", {}}}, 9)), "the quick\nbrown fox\n");
  EXPECT_EQ(plain(wrapped({{"abcdefghij", {}}}, 4)), "abcd\nefgh\nij\n");
  EXPECT_EQ(plain(wrapped({{"東京東京", {}}}, 5)), "東京\n東京\n");
}

TEST(wrapped, has_no_row_that_is_too_wide_and_loses_no_letter) {
  line text{{"some words, ", {}}, {"averylongoneindeed", {tone::good}}, {" 東京 x", {}}};
  for (std::size_t columns = 2; columns < 40; ++columns) {
    std::string letters;
    for (const auto& row : wrapped(text, columns)) {
      EXPECT_LE(width_of(row), columns);
      letters += plain(row);
    }
    std::erase(letters, ' ');
    EXPECT_EQ(letters, "somewords,averylongoneindeed東京x") << columns;
  }
}

TEST(marked, turns_every_place_around_in_either_case) {
  auto l = marked({{"Foo and foo", {}}}, "foo");
  ASSERT_EQ(l.size(), 3u);
  EXPECT_TRUE(l[0].look.reverse);
  EXPECT_FALSE(l[1].look.reverse);
  EXPECT_TRUE(l[2].look.reverse);
}

TEST(bar, is_as_wide_as_it_shall_be_and_fuller_with_more) {
  for (double share : {-1.0, 0.0, 0.3, 0.999, 1.0, 7.0})
    EXPECT_EQ(text_width(bar(share, 8)), 8u) << share;
  EXPECT_EQ(bar(1, 3), "███");
  EXPECT_EQ(bar(0, 3), "···");
}

TEST(spark, shows_the_last_values_and_never_nothing_for_something) {
  EXPECT_EQ(spark({0, 1, 2, 4}, 3), "▂▄█");
  EXPECT_EQ(spark({0.001}, 3, 1), "  ▁");
}

TEST(laid_out, leaves_out_the_last_rank_where_there_is_no_room) {
  std::vector<column> columns{{"NAME", 0, 4, 20}, {"LEAST", 2, 5}, {"VALUE", 1, 5}};
  std::vector<std::vector<span>> rows{{{"a", {}}, {"b", {}}, {"c", {}}}};
  EXPECT_EQ(plain(laid_out(columns, rows, 40)), "NAME  LEAST  VALUE\na     b      c\n");
  EXPECT_EQ(plain(laid_out(columns, rows, 12)), "NAME  VALUE\na     c\n");
  EXPECT_EQ(plain(laid_out(columns, rows, 5)), "NAME\na\n");
}

TEST(laid_out, is_never_wider_than_the_screen) {
  std::vector<column> columns{{"NAME", 0, 4, 20}, {"B", 2}, {"C", 1, 3, 9, true}};
  std::vector<std::vector<span>> rows{
      {{"a name of some length", {}}, {"東京東京", {}}, {"123456789012", {}}}};
  for (std::size_t width = 1; width < 60; ++width)
    for (const auto& row : laid_out(columns, rows, width))
      EXPECT_LE(width_of(row), width);
}

} // namespace
} // namespace conductor::cli
