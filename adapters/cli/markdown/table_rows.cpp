#include "adapters/cli/markdown/table_rows.hpp"

#include <algorithm>

namespace conductor::cli {

namespace {

constexpr std::size_t gap = 3; // " │ "

std::vector<std::size_t> widths_of(const table_cells& cells, std::size_t columns) {
  std::vector<std::size_t> widths;
  for (const auto& row : cells) {
    widths.resize(std::max(widths.size(), row.size()), 1);
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(row[i]));
  }
  if (widths.empty())
    return widths;
  std::size_t used = gap * (widths.size() - 1);
  for (auto w : widths)
    used += w;
  while (used > columns) {
    auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest == 1)
      break;
    --*widest, --used;
  }
  return widths;
}

} // namespace

lines table_rows(const table_cells& cells, std::size_t columns) {
  auto widths = widths_of(cells, columns);
  const style faint{tone::faint};
  lines out;
  for (std::size_t r = 0; r < cells.size(); ++r) {
    std::vector<lines> broken;
    std::size_t height = 1;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      broken.push_back(i < cells[r].size() ? wrapped(cells[r][i], widths[i]) : lines{{}});
      height = std::max(height, broken.back().size());
    }
    for (std::size_t k = 0; k < height; ++k) {
      line row;
      for (std::size_t i = 0; i < widths.size(); ++i) {
        if (i > 0)
          row.push_back({" │ ", faint});
        auto part = fitted(k < broken[i].size() ? broken[i][k] : line{}, widths[i]);
        row.insert(row.end(), part.begin(), part.end());
      }
      out.push_back(fitted(std::move(row), columns));
    }
    if (r == 0) {
      std::string rule;
      for (std::size_t i = 0; i < widths.size(); ++i) {
        rule += i > 0 ? "─┼─" : "";
        for (std::size_t k = 0; k < widths[i]; ++k)
          rule += "─";
      }
      out.push_back(fitted(line{{rule, faint}}, columns));
    }
  }
  return out;
}

} // namespace conductor::cli
