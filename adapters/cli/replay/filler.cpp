#include "adapters/cli/replay/filler.hpp"

#include <array>
#include <random>
#include <string_view>

namespace conductor::cli {

std::string filler_text(std::uint64_t tokens, std::uint64_t seed) {
  static constexpr std::array<std::string_view, 32> words{
      "the",  "house", "river", "light", "green", "stone", "water", "night",
      "day",  "road",  "field", "small", "great", "wind",  "sea",   "hand",
      "old",  "new",   "white", "black", "tree",  "year",  "time",  "word",
      "king", "book",  "door",  "fire",  "snow",  "bird",  "ship",  "hill"};
  std::mt19937_64 random(seed);
  std::string text;
  for (std::uint64_t i = 0; i < tokens; ++i)
    text.append(i == 0 ? "" : " ").append(words[random() % words.size()]);
  return text;
}

} // namespace conductor::cli
