#include "adapters/cli/screen/text.hpp"

#include "adapters/cli/text_width.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace conductor::cli {

namespace {

constexpr std::string_view ellipsis = "…";

bool control(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

// What takes no room and is no mark on a letter: it would only hide or turn what is
// there.
bool unseen(char32_t c) {
  return c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
         (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
         (c >= 0xe0000 && c <= 0xe0fff);
}

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

std::size_t place_of(std::string_view text, std::string_view what, std::size_t from) {
  auto at = std::search(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(),
                        what.begin(), what.end(),
                        [](char a, char b) { return lower(a) == lower(b); });
  return at == text.end() ? std::string_view::npos
                          : static_cast<std::size_t>(at - text.begin());
}

// The longest beginning of `text` that is no wider than `columns`.
std::string_view beginning(std::string_view text, std::size_t columns) {
  auto rest = text;
  std::size_t used = 0;
  while (!rest.empty()) {
    auto after = rest;
    used += next_character(after).width;
    if (used > columns)
      break;
    rest = after;
  }
  return text.substr(0, text.size() - rest.size());
}

void append(line& to, const line& more) {
  for (const auto& s : more)
    append(to, s.text, s.look);
}

// Gathers rows: whole words where there is room, pieces of them where there is not.
struct wrapper {
  std::size_t columns;
  lines rows = {{}};
  std::size_t used = 0;
  line word = {}, gap = {};
  std::size_t word_width = 0, gap_width = 0;

  void add(std::string_view bytes, std::size_t width, const style& look) {
    if (bytes == " ") {
      end_word();
      append(gap, bytes, look);
      ++gap_width;
      return;
    }
    if (word_width + width > columns) {
      end_word();
      new_row();
    }
    append(word, bytes, look);
    word_width += width;
  }
  void end_word() {
    if (word_width == 0)
      return;
    if (used + gap_width + word_width > columns && used > 0)
      new_row();
    else if (gap_width + word_width <= columns)
      take(gap, gap_width);
    gap.clear();
    gap_width = 0;
    take(word, word_width);
  }
  void take(line& what, std::size_t& width) {
    append(rows.back(), std::exchange(what, {}));
    used += std::exchange(width, 0);
  }
  void new_row() {
    rows.emplace_back();
    used = 0;
    gap.clear();
    gap_width = 0;
  }
};

} // namespace

void append(line& to, std::string_view text, const style& look) {
  if (text.empty())
    return;
  if (!to.empty() && to.back().look == look)
    to.back().text += text;
  else
    to.push_back({std::string(text), look});
}

std::string cleaned(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  unsigned marks = 2; // none before the first character
  while (!text.empty()) {
    auto c = next_character(text);
    if (c.code == '\t')
      out += "    ";
    else if (c.code == '\n' || c.code == 0x2028 || c.code == 0x2029)
      out += ' ';
    else if (c.code == '\r' || unseen(c.code))
      continue;
    else if (control(c.code) || c.code == 0xfffd || (c.code >= 0xd800 && c.code < 0xe000))
      out += "\ufffd";
    else if (c.width == 0) {
      if (marks++ < 2)
        out += c.bytes;
      continue;
    } else
      out += c.bytes;
    marks = 0;
  }
  return out;
}

span piece(std::string_view text, style look) {
  return {cleaned(text), look};
}

std::size_t width_of(const line& l) {
  std::size_t columns = 0;
  for (const auto& s : l)
    columns += text_width(s.text);
  return columns;
}

std::string fitted(std::string_view text, std::size_t columns) {
  auto width = text_width(text);
  if (width <= columns)
    return std::string(text) + std::string(columns - width, ' ');
  if (columns == 0)
    return {};
  auto cut = beginning(text, columns - 1);
  return std::string(cut).append(ellipsis).append(columns - 1 - text_width(cut), ' ');
}

lines key_rows(const std::vector<std::pair<const char*, const char*>>& keys,
               std::size_t columns) {
  lines out;
  for (const auto& [what, does] : keys)
    out.push_back(
        {{fitted(std::string_view(what), columns), {tone::accent}}, {does, {}}});
  return out;
}

line fitted(line l, std::size_t columns) {
  auto width = width_of(l);
  if (width < columns)
    l.push_back({std::string(columns - width, ' '), {}});
  if (width <= columns)
    return l;
  line out;
  std::size_t left = columns;
  for (const auto& s : l) {
    auto needed = text_width(s.text);
    if (needed < left) {
      left -= needed;
      out.push_back(s);
      continue;
    }
    // Something is lost behind this one, or of it.
    out.push_back({fitted(s.text + (needed == left ? "  " : ""), left), s.look});
    break;
  }
  return out;
}

line beside(line left, std::size_t columns, const line& right) {
  auto out = fitted(std::move(left), columns);
  out.insert(out.end(), right.begin(), right.end());
  return out;
}

line spread(line left, line right, std::size_t columns) {
  auto l = width_of(left), r = width_of(right);
  if (l + 1 + r > columns)
    return fitted(std::move(left), columns);
  left.push_back({std::string(columns - l - r, ' '), {}});
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

lines wrapped(const line& l, std::size_t columns) {
  wrapper w{std::max<std::size_t>(columns, 1)};
  for (const auto& s : l) {
    std::string_view rest = s.text;
    while (!rest.empty()) {
      auto c = next_character(rest);
      w.add(c.bytes, c.width, s.look);
    }
  }
  w.end_word();
  return std::move(w.rows);
}

lines chopped(const line& l, std::size_t columns) {
  columns = std::max<std::size_t>(columns, 1);
  lines rows{{}};
  std::size_t used = 0;
  for (const auto& s : l) {
    std::string_view rest = s.text;
    while (!rest.empty()) {
      auto c = next_character(rest);
      if (used + c.width > columns && used > 0) {
        rows.emplace_back();
        used = 0;
      }
      append(rows.back(), c.bytes, s.look);
      used += c.width;
    }
  }
  return rows;
}

std::string plain(const line& l) {
  std::string out;
  for (const auto& s : l)
    out += s.text;
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

std::string plain(const lines& all) {
  std::string out;
  for (const auto& l : all)
    out += plain(l) + "\n";
  return out;
}

line marked(const line& text, std::string_view what) {
  if (what.empty())
    return text;
  line out;
  for (const auto& s : text) {
    std::size_t at = 0;
    for (auto hit = place_of(s.text, what, 0); hit != std::string_view::npos;
         hit = place_of(s.text, what, at)) {
      append(out, std::string_view(s.text).substr(at, hit - at), s.look);
      auto look = s.look;
      look.reverse = !look.reverse;
      append(out, std::string_view(s.text).substr(hit, what.size()), look);
      at = hit + what.size();
    }
    append(out, std::string_view(s.text).substr(at), s.look);
  }
  return out;
}

bool holds(std::string_view text, std::string_view what) {
  return place_of(text, what, 0) != std::string_view::npos;
}

} // namespace conductor::cli
