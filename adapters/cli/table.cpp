#include "adapters/cli/table.hpp"

#include "adapters/cli/text_width.hpp"

#include <algorithm>
#include <limits>

namespace conductor::cli {

namespace {

constexpr std::size_t gap = 4;

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words{""};
  for (char c : text) {
    if (c == ' ' || c == '\n')
      words.emplace_back();
    else
      words.back() += c;
  }
  return words;
}

} // namespace

std::vector<std::string> broken_lines(const std::string& text, std::size_t limit) {
  auto words = words_of(text);
  auto n = words.size();
  std::vector<std::size_t> end_of(n + 1,
                                  0); // columns of the first i words and a space each
  for (std::size_t i = 0; i < n; ++i) {
    auto width = text_width(words[i]);
    limit = std::max(limit, width);
    end_of[i + 1] = end_of[i] + width + 1;
  }
  auto length = [&](std::size_t from, std::size_t to) {
    return end_of[to] - end_of[from] - 1;
  };

  // From the end: where the line that begins at a word ends, so that the squares of what
  // is left empty sum up to the least; the last line costs nothing.
  constexpr auto unknown = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> cost(n + 1, unknown), next(n + 1, n);
  for (auto i = n; i-- > 0;) {
    if (length(i, n) <= limit) {
      cost[i] = 0;
      continue;
    }
    for (auto j = i + 1; j < n && length(i, j) <= limit; ++j) {
      auto spare = limit - length(i, j);
      if (spare * spare + cost[j] < cost[i]) {
        cost[i] = spare * spare + cost[j];
        next[i] = j;
      }
    }
  }

  std::vector<std::string> lines;
  for (std::size_t i = 0; i < n; i = next[i]) {
    lines.emplace_back(words[i]);
    for (auto k = i + 1; k < next[i]; ++k)
      lines.back() += " " + words[k];
  }
  return lines;
}

std::string table(const std::vector<row>& rows, std::size_t cell_limit) {
  std::vector<std::vector<std::vector<std::string>>> cells; // row, column, line
  std::vector<std::size_t> widths;
  for (const auto& r : rows) {
    cells.emplace_back();
    for (std::size_t c = 0; c < r.size(); ++c) {
      cells.back().push_back(broken_lines(r[c], cell_limit));
      widths.resize(std::max(widths.size(), c + 1));
      for (const auto& line : cells.back().back())
        widths[c] = std::max(widths[c], text_width(line));
    }
  }
  std::string out;
  for (const auto& r : cells) {
    std::size_t height = 0;
    for (const auto& cell : r)
      height = std::max(height, cell.size());
    for (std::size_t line = 0; line < height; ++line) {
      for (std::size_t c = 0; c < r.size(); ++c) {
        auto text = line < r[c].size() ? r[c][line] : std::string();
        out += text + std::string(widths[c] - text_width(text) + gap, ' ');
      }
      out += '\n';
    }
  }
  return out;
}

} // namespace conductor::cli
