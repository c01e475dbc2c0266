#include "adapters/cli/failure.hpp"
#include "adapters/cli/line_splitter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace conductor::cli {
namespace {

const std::string text = "{\"response\":\"Grüße 😀\"}\r\n\n{\"a\":1}\n{\"done\":true}";
const std::vector<std::string> lines{"{\"response\":\"Grüße 😀\"}", "{\"a\":1}",
                                     "{\"done\":true}"};

TEST(line_splitter, finds_the_same_lines_wherever_the_text_is_cut) {
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t k = i; k <= text.size(); ++k) {
      line_splitter splitter;
      std::vector<std::string> found;
      auto sink = [&](std::string_view line) { found.emplace_back(line); };
      splitter.feed(text.substr(0, i), sink);
      splitter.feed(text.substr(i, k - i), sink);
      splitter.feed(text.substr(k), sink);
      EXPECT_EQ(found.size(), lines.size() - 1) << i << ' ' << k;
      splitter.finish(sink);
      ASSERT_EQ(found, lines) << i << ' ' << k;
    }
  }
}

TEST(line_splitter, refuses_a_line_over_its_limit_in_any_number_of_pieces) {
  auto ignore = [](std::string_view) {};
  line_splitter at_once(10), in_pieces(10);
  EXPECT_NO_THROW(at_once.feed("1234567890\n1234567890\n", ignore));
  EXPECT_THROW(at_once.feed("12345678901\n", ignore), failure);
  in_pieces.feed("123456", ignore);
  EXPECT_THROW(in_pieces.feed("78901", ignore), failure);
}

} // namespace
} // namespace conductor::cli
