#include "adapters/cli/prompt/composer.hpp"

#include <gtest/gtest.h>

namespace conductor::cli {
namespace {

using kind = entry::kind;

TEST(composer, takes_a_line_for_a_message_and_a_slash_for_a_command) {
  composer lines;
  EXPECT_EQ(lines.push("hello"), (entry{kind::message, "hello"}));
  EXPECT_EQ(lines.push("/set verbose"), (entry{kind::command, "/set verbose"}));
  EXPECT_EQ(lines.push("/set system"), (entry{kind::command, "/set system"}));
  EXPECT_EQ(lines.push("/set system "), (entry{kind::command, "/set system "}));
  EXPECT_FALSE(lines.open());
}

TEST(composer, puts_the_lines_between_quotes_into_one_message) {
  composer lines;
  EXPECT_EQ(lines.push(R"("""one""")"), (entry{kind::message, "one"}));
  EXPECT_EQ(lines.push(R"("""/bye)"), std::nullopt);
  EXPECT_TRUE(lines.open());
  EXPECT_EQ(lines.push("/bye"), std::nullopt);
  EXPECT_EQ(lines.push(R"(end""")"), (entry{kind::message, "/bye\n/bye\nend"}));
  EXPECT_FALSE(lines.open());
}

TEST(composer, takes_a_system_message_of_one_line_or_several) {
  composer lines;
  EXPECT_EQ(lines.push("/set system  Be terse."), (entry{kind::system, "Be terse."}));
  EXPECT_EQ(lines.push(R"(/set system """Be)"), std::nullopt);
  EXPECT_EQ(lines.push(R"(terse.""")"), (entry{kind::system, "Be\nterse."}));
}

TEST(composer, lets_no_line_of_a_paste_be_a_command) {
  composer lines;
  lines.hold("first");
  EXPECT_TRUE(lines.open());
  EXPECT_EQ(lines.push("/bye"), (entry{kind::message, "first\n/bye"}));
  lines.hold("/bye");
  EXPECT_EQ(lines.push(""), (entry{kind::message, "/bye\n"}));
}

TEST(composer, forgets_what_was_begun) {
  composer lines;
  lines.push(R"("""one)");
  lines.reset();
  EXPECT_EQ(lines.push("two"), (entry{kind::message, "two"}));
}

} // namespace
} // namespace conductor::cli
