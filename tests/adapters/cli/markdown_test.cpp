#include "adapters/cli/markdown/markdown.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace conductor::cli {
namespace {

const std::string rich =
    "# Title\n\nSome *weak* and **strong** `code` &amp; a [link](http://a.b).\n\n"
    "- one\n- two\n  1. inner\n  2. more\n\n> quoted\n> text\n\n"
    "```cpp\nint main() {\n  return 0;\n}\n```\n\n"
    "| a | b |\n|---|---|\n| 1 | two |\n\n---\n\nThe end.\n";

std::string shown(std::string_view text, std::size_t columns = 40) {
  return plain(markdown_lines(text, columns));
}

TEST(markdown, lays_out_blocks) {
  EXPECT_EQ(
      shown(rich, 60), "Title\n\n"
                       "Some weak and strong code & a link (http://a.b).\n\n"
                       "• one\n• two\n  1. inner\n  2. more\n\n"
                       "▎ quoted text\n\n"
                       "│ cpp\n│ int main() {\n│   return 0;\n│ }\n\n"
                       "a │ b\n──┼────\n1 │ two\n\n" +
                           [] {
                             std::string rule;
                             for (int i = 0; i < 60; ++i)
                               rule += "─";
                             return rule;
                           }() +
                           "\n\nThe end.\n");
}

TEST(markdown, has_no_row_that_is_too_wide) {
  for (std::size_t columns = 4; columns < 80; ++columns)
    for (const auto& row : markdown_lines(rich, columns))
      EXPECT_LE(width_of(row), columns) << plain(row);
}

TEST(markdown, bears_quotes_and_lists_of_any_depth) {
  auto deep = std::string(5'000, '>') + " x\n\n";
  for (int i = 0; i < 200; ++i)
    deep += std::string(static_cast<std::size_t>(2 * i), ' ') + "- y\n";
  for (const auto& row : markdown_lines(deep, 40))
    EXPECT_LE(width_of(row), 40u);
}

TEST(markdown, shows_html_as_it_stands) {
  EXPECT_EQ(shown("<b>bold</b>\n\n<script>\n"), "<b>bold</b>\n\n<script>\n");
}

TEST(markdown, shows_a_fence_that_is_not_closed_yet_as_code) {
  EXPECT_EQ(shown("Look:\n\n```\nhalf a li"), "Look:\n\n│ half a li\n");
}

TEST(markdown, keeps_the_spaces_of_code) {
  EXPECT_EQ(shown("```\n  a  b\n\n    c\n```"), "│   a  b\n│\n│     c\n");
}

TEST(markdown, shows_nothing_that_stands_behind_an_unfinished_text) {
  const std::string text = "[a](b)\n\n![c](<d>)\n\n[e]: f (g)\n\n`h` **i** http://j.k) "
                           "<http://l> &amp; ~~m~~\n\n| n | [o](p) |\n|---|---|\n";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    auto seen = shown(std::string_view(text).substr(0, size));
    EXPECT_LE(seen.size(), 40 * (size + 2)) << size; // a rule is 40 columns
    auto begun = seen.find_first_of("ZYX");
    EXPECT_EQ(begun, std::string::npos);
    auto closed = text.substr(0, size) + ")ZYX](ZYX)|ZYX**";
    auto hidden = shown(std::string_view(closed).substr(0, size));
    EXPECT_EQ(hidden, seen) << size;
  }
}

TEST(last_block, is_not_cut_inside_of_a_fence_or_a_list) {
  EXPECT_EQ(last_block("one\n\ntwo\n\nthree"), 10u);
  EXPECT_EQ(last_block("```\n\na\n\nb\n"), 0u);
  EXPECT_EQ(last_block("1. a\n\n   more\n\n2. b\n"), 0u);
}

TEST(growing_markdown, shows_at_every_byte_what_it_shows_at_once) {
  growing_markdown growing;
  for (std::size_t size = 1; size <= rich.size(); ++size) {
    auto text = std::string_view(rich).substr(0, size);
    EXPECT_EQ(plain(growing.rows(text, 40)), plain(markdown_lines(text, 40))) << text;
  }
}

TEST(growing_markdown, begins_anew_at_another_width) {
  growing_markdown growing;
  growing.rows(rich, 40);
  EXPECT_EQ(plain(growing.rows(rich, 30)), plain(markdown_lines(rich, 30)));
}

} // namespace
} // namespace conductor::cli
