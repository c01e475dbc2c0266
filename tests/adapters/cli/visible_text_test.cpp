#include "adapters/cli/visible_text.hpp"

#include "adapters/cli/answer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace conductor::cli {
namespace {

TEST(visible_text, leaves_no_control_character_but_line_feed_and_tab) {
  EXPECT_EQ(visible_text("a\tb\nü🚀"), "a\tb\nü🚀");
  EXPECT_EQ(visible_text("\x1b[31m\x07\x7f"), "^[[31m^G^?");
  EXPECT_EQ(visible_text(std::string_view("\0", 1)), "^@");
  EXPECT_EQ(visible_text("a\r\nb\rc"), "a\nb^Mc");
  EXPECT_EQ(visible_text("\xc2\x9b"
                         "5A"),
            "\uFFFD5A");
  EXPECT_EQ(visible_text("\x9b"
                         "5A"),
            "\uFFFD5A");
}

TEST(answer, shows_control_characters_on_a_terminal_and_passes_them_to_a_pipe) {
  nlohmann::json record{{"response", "a\x1b[2J"}};
  EXPECT_EQ(answer({{true, true}, true}).push(record, 80), "a^[[2J");
  EXPECT_EQ(answer({{true, false}, false}).push(record, 80), "a^[[2J");
  EXPECT_EQ(answer({{false, false}, true}).push(record, 80), "a\x1b[2J");
  nlohmann::json call{
      {"tool_calls",
       {{{"function", {{"name", "\x1b]0;x"}, {"arguments", {{"a", "\x1b"}}}}}}}}};
  EXPECT_EQ(answer({{true, false}, true}).push(call, 80).find('\x1b'), std::string::npos);
}

} // namespace
} // namespace conductor::cli
