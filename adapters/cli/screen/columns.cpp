#include "adapters/cli/screen/columns.hpp"

#include "adapters/cli/text_width.hpp"

#include <algorithm>

namespace conductor::cli {

namespace {

constexpr std::size_t gap = 2;

struct chosen {
  std::size_t index;
  std::size_t width;
};

std::size_t sum(const std::vector<chosen>& all) {
  std::size_t width = all.empty() ? 0 : gap * (all.size() - 1);
  for (const auto& c : all)
    width += c.width;
  return width;
}

span cell(const span& what, std::size_t width, bool right) {
  auto needed = text_width(what.text);
  if (right && needed < width)
    return {std::string(width - needed, ' ') + what.text, what.look};
  return {fitted(what.text, width), what.look};
}

} // namespace

lines laid_out(const std::vector<column>& columns,
               const std::vector<std::vector<span>>& rows, std::size_t width) {
  std::vector<chosen> taken;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    auto wide = text_width(columns[i].head);
    for (const auto& r : rows)
      if (i < r.size())
        wide = std::max(wide, text_width(r[i].text));
    taken.push_back({i, std::min(wide, columns[i].most)});
  }
  auto least = [&](const chosen& c) { return std::min(c.width, columns[c.index].least); };
  // First what ranks last goes, until the rest can be narrow enough.
  while (taken.size() > 1) {
    auto narrow = taken;
    for (auto& c : narrow)
      c.width = least(c);
    if (sum(narrow) <= width)
      break;
    taken.erase(std::max_element(taken.begin(), taken.end(), [&](auto& a, auto& b) {
      return columns[a.index].rank < columns[b.index].rank;
    }));
  }
  // Then the widest gives way.
  for (auto used = sum(taken); used > width; --used) {
    auto widest = std::max_element(taken.begin(), taken.end(), [&](auto& a, auto& b) {
      return a.width - least(a) < b.width - least(b);
    });
    if (widest->width <= 1)
      break;
    --widest->width;
  }
  lines out;
  auto add = [&](auto&& cell_of) {
    line l;
    for (const auto& c : taken) {
      if (!l.empty())
        l.push_back({std::string(gap, ' '), {}});
      l.push_back(cell(cell_of(c.index), c.width, columns[c.index].right));
    }
    out.push_back(std::move(l));
  };
  add([&](std::size_t i) { return span{columns[i].head, {tone::faint}}; });
  for (const auto& r : rows)
    add([&](std::size_t i) { return i < r.size() ? r[i] : span{}; });
  return out;
}

} // namespace conductor::cli
