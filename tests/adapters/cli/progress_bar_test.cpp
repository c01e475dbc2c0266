#include "adapters/cli/progress_bar.hpp"
#include "adapters/cli/text_width.hpp"

#include <gtest/gtest.h>

namespace conductor::cli {
namespace {

using namespace std::chrono_literals;
const progress_bar::time_point start{};

TEST(progress_bar, fills_the_line_whatever_its_width) {
  progress_bar bar("pulling 6a0746a1ec1a:", 4'661'211'424, 0, start);
  bar.set(2'330'605'712, start + 2s);
  for (unsigned columns = 80; columns < 200; ++columns)
    EXPECT_EQ(text_width(bar.render(columns)), columns - 1) << columns;
}

TEST(progress_bar, shows_share_sizes_rate_and_what_is_left) {
  progress_bar bar("m", 1'000'000'000, 0, start);
  EXPECT_EQ(bar.render(60),
            "m   0% ▕                  ▏    0 B/  1 GB                  ");
  bar.set(100'000'000, start + 2s);
  bar.set(500'000'000, start + 4s);
  EXPECT_EQ(bar.render(60),
            "m  50% ▕█████████         ▏ 500 MB/  1 GB  200 MB/s      2s");
}

TEST(progress_bar, ends_with_the_total_alone) {
  progress_bar bar("m", 1'000, 0, start);
  bar.set(2'000, start + 1s);
  EXPECT_TRUE(bar.finished());
  EXPECT_EQ(bar.render(60),
            "m 100% ▕██████████████████▏   1 KB                         ");
}

TEST(progress_bar, survives_a_terminal_narrower_than_its_text) {
  progress_bar bar("a long message", 1'000, 500, start);
  EXPECT_EQ(bar.render(5).substr(0, 19), "a long message  50%");
}

} // namespace
} // namespace conductor::cli
