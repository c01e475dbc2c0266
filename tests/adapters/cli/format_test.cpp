#include "adapters/cli/attachments.hpp"
#include "adapters/cli/duration.hpp"
#include "adapters/cli/human.hpp"
#include "adapters/cli/text_width.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace conductor::cli {
namespace {

using namespace std::chrono;

TEST(go_duration, prints_as_go_does) {
  const std::vector<std::pair<std::int64_t, std::string>> cases{
      {0, "0s"},
      {1, "1ns"},
      {1'100, "1.1µs"},
      {2'200'000, "2.2ms"},
      {534'986'708, "534.986708ms"},
      {999'999'999, "999.999999ms"},
      {1'000'000'000, "1s"},
      {4'935'886'791, "4.935886791s"},
      {3'300'000'000, "3.3s"},
      {60'000'000'000, "1m0s"},
      {245'000'000'000, "4m5s"},
      {245'001'000'000, "4m5.001s"},
      {18'367'001'000'000, "5h6m7.001s"},
      {480'000'000'001, "8m0.000000001s"},
      {3'600'000'000'000, "1h0m0s"},
      {-1'500'000'000, "-1.5s"},
      {std::numeric_limits<std::int64_t>::max(), "2562047h47m16.854775807s"},
      {std::numeric_limits<std::int64_t>::min(), "-2562047h47m16.854775808s"}};
  for (const auto& [value, text] : cases)
    EXPECT_EQ(go_duration(value), text);
}

TEST(go_duration, parses_what_go_parses) {
  EXPECT_EQ(parse_go_duration("5m"), 300'000'000'000);
  EXPECT_EQ(parse_go_duration("1h30m"), 5'400'000'000'000);
  EXPECT_EQ(parse_go_duration("1.5h"), 5'400'000'000'000);
  EXPECT_EQ(parse_go_duration(".5s"), 500'000'000);
  EXPECT_EQ(parse_go_duration("-1s"), -1'000'000'000);
  EXPECT_EQ(parse_go_duration("+2ms"), 2'000'000);
  EXPECT_EQ(parse_go_duration("3µs"), 3'000);
  EXPECT_EQ(parse_go_duration("0"), 0);
  for (const auto* text : {"", "5", "m", "5x", "5m3", "-", ".", "1..5s", "99999999h"})
    EXPECT_EQ(parse_go_duration(text), std::nullopt) << text;
}

TEST(human_bytes, prints_decimal_units_as_ollama_does) {
  const std::vector<std::pair<std::int64_t, std::string>> cases{
      {0, "0 B"},
      {999, "999 B"},
      {1'000, "1 KB"},
      {1'500, "1.5 KB"},
      {9'990, "10.0 KB"},
      {65'000'000, "65 MB"},
      {4'661'224'676, "4.7 GB"},
      {15'900'000'000, "15 GB"},
      {2'000'000'000'000, "2 TB"}};
  for (const auto& [value, text] : cases)
    EXPECT_EQ(human_bytes(value), text);
}

TEST(human_number, prints_parameters_as_ollama_does) {
  EXPECT_EQ(human_number(999), "999");
  EXPECT_EQ(human_number(12'345), "12K");
  EXPECT_EQ(human_number(133'700'000), "133.70M");
  EXPECT_EQ(human_number(125'000'000), "125M");
  EXPECT_EQ(human_number(8'030'261'248), "8.0B");
  EXPECT_EQ(human_number(8'000'000'000), "8B");
}

TEST(moments, are_read_with_any_fraction_and_offset) {
  auto noon = moment(sys_days(2024y / May / 1) + 12h);
  EXPECT_EQ(parse_moment("2024-05-01T12:00:00Z"), noon);
  EXPECT_EQ(parse_moment("2024-05-01T05:00:00-07:00"), noon);
  EXPECT_EQ(parse_moment("2024-05-01T14:00:00.25+02:00"), noon + 250ms);
  EXPECT_EQ(parse_moment("2024-05-01T12:00:00.123456789Z"), noon + 123456us);
  for (const auto* text :
       {"", "2024-05-01", "2024-13-01T00:00:00Z", "x024-05-01T12:00:00Z",
        "2024-05-01T12:00:00", "2024-05-01T12:00:00Zx"})
    EXPECT_EQ(parse_moment(text), std::nullopt) << text;
}

TEST(human_time, says_it_as_ollama_does) {
  auto now = moment(sys_days(2024y / May / 1));
  const std::vector<std::pair<moment, std::string>> cases{
      {now, "Less than a second ago"},
      {now - 1s, "1 second ago"},
      {now - 59s, "59 seconds ago"},
      {now - 60s, "About a minute ago"},
      {now + 4min + 59s, "4 minutes from now"},
      {now - 59min - 59s, "59 minutes ago"},
      {now - 60min, "About an hour ago"},
      {now - 89min, "About an hour ago"},
      {now - 90min, "2 hours ago"},
      {now - 47h, "47 hours ago"},
      {now - 48h, "2 days ago"},
      {now - days(14), "2 weeks ago"},
      {now - days(60), "2 months ago"},
      {now - days(800), "2 years ago"},
      {now + days(365 * 19), "19 years from now"},
      {now + days(365 * 294), "Forever"},
      {moment(sys_days(1y / January / 1)), "Never"}};
  for (const auto& [when, text] : cases)
    EXPECT_EQ(human_time(when, now), text);
}

TEST(text_width, counts_columns_and_not_bytes) {
  EXPECT_EQ(text_width("abc"), 3u);
  EXPECT_EQ(text_width("Grüße"), 5u);
  EXPECT_EQ(text_width("日本"), 4u);
  EXPECT_EQ(text_width("😀"), 2u);
  EXPECT_EQ(text_width("e\u0301"), 1u);
  EXPECT_EQ(text_width("a\xff\xe6z"), 4u);
  EXPECT_EQ(text_width("\xe6\x97"), 2u);
}

TEST(base64, matches_the_examples_of_its_standard) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(mentioned_files, are_paths_to_pictures_and_sounds) {
  using list = std::vector<std::string>;
  EXPECT_EQ(mentioned_files("what is /tmp/a b.PNG?"), list{"/tmp/a b.PNG"});
  EXPECT_EQ(mentioned_files("see ./x.jpg and './y\\ z.webp'"),
            (list{"./x.jpg", "./y\\ z.webp"}));
  EXPECT_EQ(mentioned_files("a/b c\n/d.jpeg"), list{"/d.jpeg"});
  EXPECT_EQ(mentioned_files("/a.pngx /.png x.png and/or"), list{"/a.pngx /.png"});
  EXPECT_EQ(mentioned_files("nothing"), list{});
  EXPECT_EQ(unescaped_path("/a\\ \\(b\\).png"), "/a (b).png");
}

} // namespace
} // namespace conductor::cli
