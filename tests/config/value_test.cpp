#include "config/value.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace conductor {
namespace {

TEST(duration, is_a_number_with_a_unit_or_of_milliseconds) {
  const std::vector<std::pair<std::string, std::string>> good{
      {"250ms", "250ms"}, {"30s", "30s"},    {"10m", "10m"},     {"2h", "2h"},
      {"0", "0ms"},       {"0s", "0ms"},     {"1500", "1500ms"}, {"60000ms", "1m"},
      {"90s", "90s"},     {"8760h", "8760h"}};
  for (const auto& [text, shown] : good)
    EXPECT_EQ(show_duration(parse_duration(text)), shown) << text;
  for (const auto* bad : {"", "s", "-1s", "+1s", "1.5s", "10 m", "10M", "5d", "8761h",
                          "9223372036854775807", "18446744073709551616", "1s1s"})
    EXPECT_THROW(parse_duration(bad), std::invalid_argument) << bad;
}

TEST(size, is_a_number_with_a_unit_or_of_bytes) {
  const std::vector<std::pair<std::string, std::string>> good{
      {"64MiB", "64MiB"}, {"256KiB", "256KiB"}, {"2GiB", "2GiB"},
      {"0", "0B"},        {"1000", "1000B"},    {"1048576", "1MiB"}};
  for (const auto& [text, shown] : good)
    EXPECT_EQ(show_size(parse_size(text)), shown) << text;
  for (const auto* bad : {"", "MiB", "-1", "1MB", "1.5MiB", "1 KiB", "99999999999GiB"})
    EXPECT_THROW(parse_size(bad), std::invalid_argument) << bad;
}

TEST(share, is_a_number_from_0_to_1) {
  const std::vector<std::pair<std::string, std::string>> good{
      {"0", "0"}, {"1", "1"}, {"0.25", "0.25"}, {"1e-3", "0.001"}, {".5", "0.5"}};
  for (const auto& [text, shown] : good)
    EXPECT_EQ(show_share(parse_share(text)), shown) << text;
  for (const auto* bad : {"", "-0.1", "1.01", "nan", "inf", "0,5", "0.5 ", "5%", "+1"})
    EXPECT_THROW(parse_share(bad), std::invalid_argument) << bad;
}

TEST(quoted_text, has_no_control_characters_and_no_bare_quotes) {
  EXPECT_EQ(quoted("a\"b\\c\nd\x7f"), R"("a\"b\\c\u000Ad\u007F")");
  EXPECT_EQ(quoted(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(quoted("b\xc3\xbcro"), "\"b\xc3\xbcro\"");
}

} // namespace
} // namespace conductor
