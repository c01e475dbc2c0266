#include "adapters/cli/screen/glyphs.hpp"

#include <wchar.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace conductor::cli {

namespace {

// What we draw ourselves, where the locale has no such characters.
char in_ascii(char32_t c) {
  switch (c) {
  case U'─':
  case U'–':
    return '-';
  case U'│':
  case U'▌':
  case U'▎':
    return '|';
  case U'…':
    return '.';
  case U'●':
  case U'•':
    return '*';
  case U'○':
  case U'·':
    return '.';
  case U'▸':
  case U'→':
    return '>';
  case U'▾':
    return 'v';
  case U'↑':
    return '^';
  case U'↓':
    return 'v';
  case U'✓':
    return '+';
  case U'✗':
    return 'x';
  case U'┼':
    return '+';
  default:
    break;
  }
  if (c >= U'▁' && c <= U'█') // sparks
    return "_.,-=+*#"[c - U'▁'];
  if (c > U'█' && c <= U'▏') // the end of a bar, in eighths
    return c <= U'▌' ? '=' : '-';
  return '?';
}

const std::array<const char*, 9> heights{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
const std::array<const char*, 8> widths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

bool can_be_said(wchar_t c) {
  std::array<char, 64> space; // MB_LEN_MAX is 16
  std::mbstate_t fresh{};
  return ::wcrtomb(space.data(), c, &fresh) != static_cast<std::size_t>(-1);
}

} // namespace

drawn_character shown_as(const character& c, bool unicode) {
  auto wide = static_cast<wchar_t>(c.code);
  bool same = ::wcwidth(wide) == static_cast<int>(c.width) && can_be_said(wide);
  if (same)
    return {wide, c.width, unicode};
  if (::wcwidth(wide) == 1 && c.width == 2 && can_be_said(wide))
    return {wide, 1, unicode};
  if (!unicode)
    return {static_cast<wchar_t>(in_ascii(c.code)), 1, false};
  return {};
}

std::string bar(double share, std::size_t columns) {
  share = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0;
  auto eighths =
      static_cast<std::size_t>(std::lround(share * static_cast<double>(columns) * 8));
  std::string out;
  for (std::size_t i = 0; i < eighths / 8; ++i)
    out += "█";
  if (eighths % 8 != 0)
    out += widths[eighths % 8];
  for (auto used = (eighths + 7) / 8; used < columns; ++used)
    out += "·";
  return out;
}

std::string spark(const std::vector<double>& values, std::size_t columns, double top) {
  auto first = values.size() > columns ? values.size() - columns : 0;
  if (top <= 0)
    for (auto i = first; i < values.size(); ++i)
      top = std::max(top, values[i]);
  std::string out(columns - (values.size() - first), ' ');
  for (auto i = first; i < values.size(); ++i) {
    auto share = top > 0 ? std::clamp(values[i] / top, 0.0, 1.0) : 0;
    // Something is never nothing.
    out += heights[static_cast<std::size_t>(std::ceil(share * 8))];
  }
  return out;
}

} // namespace conductor::cli
