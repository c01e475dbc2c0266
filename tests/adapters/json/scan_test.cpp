#include "adapters/json/scan.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace conductor::test {
namespace {

using texts = std::vector<std::string>;

TEST(a_json_scanner, tells_the_parts_of_an_object_as_they_stand) {
  const std::string text =
      " {\"a\" :\"x\\\"}\\\\\" , \"b\\n\":[1,{\"c\":\"]\"}],\"d\": -1.5e3\n} rest";
  json_scanner scan{text};
  texts parts;
  scan.object([&](std::string_view key) {
    parts.emplace_back(key);
    parts.emplace_back(scan.value());
  });
  EXPECT_TRUE(scan.ok);
  EXPECT_EQ(parts,
            (texts{"a", R"("x\"}\\")", R"(b\n)", R"([1,{"c":"]"}])", "d", "-1.5e3"}));
  EXPECT_EQ(text.substr(scan.at()), " rest");
}

TEST(a_json_scanner, ends_where_the_text_breaks) {
  for (const std::string text :
       {"", "{", "{\"", "{\"a", "{\"a\\\"", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\":\"",
        "{\"a\":\"\\", "{\"a\":[", "{\"a\":[\"", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}",
        "{\"a\":1 2}", "{a:1}", "[]", "{\"a\"1}"}) {
    json_scanner scan{text};
    scan.object([&](std::string_view) { scan.value(); });
    EXPECT_FALSE(scan.ok) << text;
    EXPECT_EQ(scan.at(), text.size()) << text;
  }
}

TEST(a_json_scanner, knows_a_quote_behind_any_number_of_escapes) {
  for (std::size_t n = 0; n < 9; ++n) {
    const auto text = '"' + std::string(n, '\\') + "\"\"";
    json_scanner scan{text};
    EXPECT_EQ(scan.string(), text.substr(1, n + n % 2)) << n;
  }
}

TEST(a_key, is_folded_as_go_folds_it) {
  EXPECT_EQ(folded_key("Num_CTX"), "num_ctx");
  EXPECT_EQ(folded_key(R"(\u004dodel)"), "model");
  EXPECT_EQ(folded_key("option\xc5\xbf"), "options");
  EXPECT_EQ(folded_key(R"(\u212aeep_alive)"), "keep_alive");
  EXPECT_EQ(folded_key("\xc3\x84"), "\xc3\x84");
}

TEST(a_value, says_something_only_as_a_string) {
  EXPECT_EQ(string_in(R"("a\/b\t\u00e4")"), "a/b\t\xc3\xa4");
  for (const auto* none : {"", "\"", "null", "1", "{}"})
    EXPECT_EQ(string_in(none), "") << none;
}

} // namespace
} // namespace conductor::test
