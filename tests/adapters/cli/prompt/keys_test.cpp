#include "adapters/cli/prompt/keys.hpp"

#include <gtest/gtest.h>

namespace conductor::cli {
namespace {

using kind = key::kind;

std::deque<key> keys_of(std::string_view bytes) {
  std::deque<key> keys;
  key_reader().push(bytes, keys);
  return keys;
}

TEST(key_reader, tells_characters_and_controls_apart) {
  EXPECT_EQ(keys_of("a\xc3\xbc🚀"),
            (std::deque<key>{{kind::text, "a"}, {kind::text, "ü"}, {kind::text, "🚀"}}));
  EXPECT_EQ(keys_of("\x01\x7f\x08\n\r"), (std::deque<key>{{kind::control, "a"},
                                                          {kind::erase},
                                                          {kind::erase},
                                                          {kind::enter},
                                                          {kind::new_line}}));
}

TEST(key_reader, tells_keys_that_move_as_the_controls_that_do_the_same) {
  EXPECT_EQ(keys_of("\x1b[A\x1bOB\x1b[3~\x1b[1;5D\x1b"
                    "f"),
            (std::deque<key>{{kind::control, "p"},
                             {kind::control, "n"},
                             {kind::control, "d"},
                             {kind::alt, "b"},
                             {kind::alt, "f"}}));
}

TEST(key_reader, drops_what_nobody_knows_whole) {
  EXPECT_EQ(keys_of("\x1b[99;7~x\x1b[<0;3;4Mx\xff"
                    "\xc3x"),
            (std::deque<key>(3, key{kind::text, "x"})));
}

TEST(key_reader, does_not_wait_after_an_escape_that_was_pressed_alone) {
  std::deque<key> keys;
  key_reader reader;
  reader.push("\x1b", keys);
  reader.push("b", keys);
  EXPECT_EQ(keys, (std::deque<key>{{kind::text, "b"}}));
}

TEST(key_reader, tells_a_paste_as_one_with_line_feeds) {
  auto paste = [](const char* text) { return std::deque<key>{{kind::paste, text}}; };
  EXPECT_EQ(keys_of("\x1b[200~one\rtwo\x1b[201~"), paste("one\ntwo"));
  EXPECT_EQ(keys_of("\x1b[200~one\n\rtwo\n\nthree\x1b[201~"), paste("one\ntwo\n\nthree"));
  EXPECT_EQ(keys_of("\x1b[200~a\x1b[31mb\x07\tc\x1b[201~"), paste("a[31mb\tc"));
}

TEST(key_reader, tells_the_same_wherever_reads_split_the_bytes) {
  const std::string_view all = "ü\x1b[1;5C\x1b[200~a\rb\x1b[201~🚀\n";
  const auto whole = keys_of(all);
  ASSERT_EQ(whole.size(), 5u);
  for (std::size_t at = 1; at < all.size(); ++at) {
    // An escape at the end of what came was pressed alone, except within a paste.
    if (all[at - 1] == '\x1b' && !all.substr(at).starts_with("[201"))
      continue;
    std::deque<key> keys;
    key_reader reader;
    reader.push(all.substr(0, at), keys);
    reader.push(all.substr(at), keys);
    EXPECT_EQ(keys, whole) << "split at " << at;
  }
}

} // namespace
} // namespace conductor::cli
