#include "adapters/cli/text_width.hpp"

#include <algorithm>
#include <array>

namespace conductor::cli {

namespace {

struct range {
  char32_t first, last;
};

// Sorted. Marks that stand on the character before them, joiners, variation selectors.
constexpr std::array zero{
    range{0x0300, 0x036f}, range{0x0483, 0x0489},  range{0x0591, 0x05bd},
    range{0x0610, 0x061a}, range{0x064b, 0x065f},  range{0x06d6, 0x06dc},
    range{0x0900, 0x0902}, range{0x093c, 0x093c},  range{0x0941, 0x0948},
    range{0x094d, 0x094d}, range{0x0e31, 0x0e31},  range{0x0e34, 0x0e3a},
    range{0x0e47, 0x0e4e}, range{0x1ab0, 0x1aff},  range{0x1dc0, 0x1dff},
    range{0x200b, 0x200f}, range{0x202a, 0x202e},  range{0x2060, 0x2064},
    range{0x20d0, 0x20f0}, range{0xfe00, 0xfe0f},  range{0xfe20, 0xfe2f},
    range{0xfeff, 0xfeff}, range{0xe0100, 0xe01ef}};

// Sorted. East Asian wide and full width, and emoji shown as pictures.
constexpr std::array wide{
    range{0x1100, 0x115f},   range{0x231a, 0x231b},   range{0x2329, 0x232a},
    range{0x23e9, 0x23ec},   range{0x23f0, 0x23f0},   range{0x23f3, 0x23f3},
    range{0x25fd, 0x25fe},   range{0x2614, 0x2615},   range{0x2648, 0x2653},
    range{0x267f, 0x267f},   range{0x2693, 0x2693},   range{0x26a1, 0x26a1},
    range{0x26aa, 0x26ab},   range{0x26bd, 0x26be},   range{0x26c4, 0x26c5},
    range{0x26ce, 0x26ce},   range{0x26d4, 0x26d4},   range{0x26ea, 0x26ea},
    range{0x26f2, 0x26f3},   range{0x26f5, 0x26f5},   range{0x26fa, 0x26fa},
    range{0x26fd, 0x26fd},   range{0x2705, 0x2705},   range{0x270a, 0x270b},
    range{0x2728, 0x2728},   range{0x274c, 0x274c},   range{0x274e, 0x274e},
    range{0x2753, 0x2755},   range{0x2757, 0x2757},   range{0x2795, 0x2797},
    range{0x27b0, 0x27b0},   range{0x27bf, 0x27bf},   range{0x2b1b, 0x2b1c},
    range{0x2b50, 0x2b50},   range{0x2b55, 0x2b55},   range{0x2e80, 0x303e},
    range{0x3041, 0x33ff},   range{0x3400, 0x4dbf},   range{0x4e00, 0x9fff},
    range{0xa000, 0xa4cf},   range{0xa960, 0xa97f},   range{0xac00, 0xd7a3},
    range{0xf900, 0xfaff},   range{0xfe30, 0xfe6f},   range{0xff00, 0xff60},
    range{0xffe0, 0xffe6},   range{0x16fe0, 0x18cff}, range{0x1b000, 0x1b2ff},
    range{0x1f004, 0x1f004}, range{0x1f0cf, 0x1f0cf}, range{0x1f18e, 0x1f18e},
    range{0x1f191, 0x1f19a}, range{0x1f200, 0x1f320}, range{0x1f32d, 0x1f335},
    range{0x1f337, 0x1f37c}, range{0x1f37e, 0x1f393}, range{0x1f3a0, 0x1f3ca},
    range{0x1f3cf, 0x1f3d3}, range{0x1f3e0, 0x1f3f0}, range{0x1f3f4, 0x1f3f4},
    range{0x1f3f8, 0x1f43e}, range{0x1f440, 0x1f440}, range{0x1f442, 0x1f4fc},
    range{0x1f4ff, 0x1f53d}, range{0x1f54b, 0x1f567}, range{0x1f57a, 0x1f57a},
    range{0x1f595, 0x1f596}, range{0x1f5a4, 0x1f5a4}, range{0x1f5fb, 0x1f64f},
    range{0x1f680, 0x1f6c5}, range{0x1f6cc, 0x1f6cc}, range{0x1f6d0, 0x1f6fc},
    range{0x1f7e0, 0x1f7f0}, range{0x1f90c, 0x1f9ff}, range{0x1fa70, 0x1faff},
    range{0x20000, 0x3fffd}};

template <class Ranges>
bool contains(const Ranges& ranges, char32_t c) {
  auto at = std::lower_bound(ranges.begin(), ranges.end(), c,
                             [](const range& r, char32_t v) { return r.last < v; });
  return at != ranges.end() && at->first <= c;
}

unsigned width_of(char32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0))
    return 0;
  if (c < 0x300)
    return 1;
  return contains(zero, c) ? 0 : contains(wide, c) ? 2 : 1;
}

} // namespace

character next_character(std::string_view& text) {
  auto lead = static_cast<unsigned char>(text.front());
  std::size_t size = lead < 0x80   ? 1
                     : lead < 0xc2 ? 0
                     : lead < 0xe0 ? 2
                     : lead < 0xf0 ? 3
                     : lead < 0xf5 ? 4
                                   : 0;
  char32_t code = size == 1 ? lead : lead & (0x7fu >> size);
  bool valid = size != 0 && size <= text.size();
  for (std::size_t i = 1; valid && i < size; ++i) {
    auto next = static_cast<unsigned char>(text[i]);
    valid = (next & 0xc0) == 0x80;
    code = code << 6 | (next & 0x3f);
  }
  if (!valid) {
    size = 1;
    code = 0xfffd;
  }
  character c{text.substr(0, size), code, width_of(code)};
  text.remove_prefix(size);
  return c;
}

std::size_t text_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty())
    columns += next_character(text).width;
  return columns;
}

} // namespace conductor::cli
