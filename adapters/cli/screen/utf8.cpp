#include "adapters/cli/screen/utf8.hpp"

#include "adapters/cli/text_width.hpp"

namespace conductor::cli {

std::string utf8_of(char32_t c) {
  std::string out;
  auto more = [&](unsigned shift) {
    out += static_cast<char>(0x80 | (c >> shift & 0x3f));
  };
  if (c < 0x80) {
    out += static_cast<char>(c);
    return out;
  }
  if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    more(6);
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    more(12);
    more(6);
  }
  more(0);
  return out;
}

std::string utf8_of(std::u32string_view text) {
  std::string out;
  for (auto c : text)
    out += utf8_of(c);
  return out;
}

std::u32string characters_of(std::string_view text) {
  std::u32string out;
  while (!text.empty())
    out += next_character(text).code;
  return out;
}

} // namespace conductor::cli
