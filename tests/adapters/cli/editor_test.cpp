#include "adapters/cli/screen/dialog.hpp"
#include "adapters/cli/screen/editor.hpp"

#include <gtest/gtest.h>

namespace conductor::cli {
namespace {

using kind = key::kind;

void type(editor& e, std::string_view text) {
  for (char c : text)
    e.press({kind::text, std::string(1, c)});
}

std::string shown(const editor& e, std::size_t columns, std::size_t rows, cursor& at) {
  return plain(e.view(columns, rows, at));
}

TEST(editor, writes_where_the_cursor_is) {
  editor e;
  type(e, "held");
  e.press({kind::left});
  type(e, "lo worl");
  EXPECT_EQ(e.text(), "hello world");
}

TEST(editor, takes_characters_of_several_bytes_as_one) {
  editor e;
  e.press({kind::text, "東"});
  e.press({kind::text, "é"});
  e.press({kind::text, "🚀"});
  e.press({kind::left});
  e.press({kind::backspace});
  EXPECT_EQ(e.text(), "東🚀");
  cursor at;
  shown(e, 20, 1, at);
  EXPECT_EQ(at.column, 2u);
}

TEST(editor, moves_and_erases_by_words) {
  editor e;
  type(e, "one two  three");
  e.press({kind::word_left});
  e.press({kind::ctrl, "w"});
  EXPECT_EQ(e.text(), "one three");
  e.press({kind::ctrl, "a"});
  e.press({kind::alt, "d"});
  EXPECT_EQ(e.text(), " three");
  e.press({kind::ctrl, "k"});
  EXPECT_EQ(e.text(), "");
}

TEST(editor, moves_between_rows_before_it_goes_to_what_was_sent) {
  editor e;
  type(e, "sent before");
  EXPECT_EQ(e.taken(), "sent before");
  type(e, "one");
  e.press({kind::new_line});
  type(e, "two");
  e.press({kind::up});
  type(e, "!");
  EXPECT_EQ(e.text(), "one!\ntwo");
  e.press({kind::up});
  EXPECT_EQ(e.text(), "sent before");
  e.press({kind::down});
  EXPECT_EQ(e.text(), "one!\ntwo");
}

TEST(editor, keeps_the_line_feeds_of_what_is_pasted_and_no_controls) {
  editor e;
  e.press({kind::paste, "a\nb\x1b[31m\tc"});
  EXPECT_EQ(e.text(), "a\nb[31m    c");
  editor one_row(false);
  one_row.press({kind::paste, "a\nb"});
  EXPECT_EQ(one_row.text(), "a b");
}

TEST(editor, shows_the_rows_around_the_cursor) {
  editor e;
  type(e, "abcdefghij");
  cursor at;
  EXPECT_EQ(shown(e, 5, 2, at), "efgh\nij\n");
  EXPECT_EQ(at.row, 1u);
  EXPECT_EQ(at.column, 2u);
}

TEST(dialog, hears_yes_and_nothing_else) {
  int heard = 0;
  for (const key& k : {key{kind::text, "n"}, key{kind::enter}, key{kind::escape},
                       key{kind::text, "y"}}) {
    auto d = dialog::confirm("Sure?", [&](const std::string&) { ++heard; });
    EXPECT_TRUE(d.press(k));
  }
  EXPECT_EQ(heard, 1);
}

TEST(dialog, chooses_one_of_those_that_hold_what_is_typed) {
  std::string chosen;
  auto d = dialog::choose("Model:", {"llama", "qwen:1", "qwen:2"},
                          [&](const std::string& text) { chosen = text; });
  EXPECT_FALSE(d.press({kind::text, "q"}));
  EXPECT_FALSE(d.press({kind::down}));
  EXPECT_TRUE(d.press({kind::enter}));
  EXPECT_EQ(chosen, "qwen:2");
}

TEST(dialog, takes_what_is_typed_only_where_that_is_allowed) {
  std::string chosen;
  auto answer = [&](const std::string& text) { chosen = text; };
  auto bound = dialog::choose("Model:", {"llama"}, answer);
  auto free = dialog::choose("Model:", {"llama"}, answer, true);
  for (auto* d : {&bound, &free})
    d->press({kind::text, "x"});
  EXPECT_FALSE(bound.press({kind::enter}));
  EXPECT_TRUE(free.press({kind::enter}));
  EXPECT_EQ(chosen, "x");
}

} // namespace
} // namespace conductor::cli
