#include "adapters/cli/markdown/markdown.hpp"

#include <algorithm>

namespace conductor::cli {

namespace {

// The mark of a fence that `row` may open or close: its character and length.
struct fence {
  char mark = 0;
  std::size_t length = 0;
  bool bare = false; // nothing stands behind it
};

fence fence_of(std::string_view row) {
  row.remove_prefix(std::min(row.find_first_not_of(" \t"), row.size()));
  if (row.empty() || (row[0] != '`' && row[0] != '~'))
    return {};
  auto length = std::min(row.find_first_not_of(row[0]), row.size());
  if (length < 3)
    return {};
  auto info = row.substr(length);
  if (row[0] == '`' && info.find('`') != info.npos)
    return {};
  return {row[0], length, info.find_first_not_of(" \t\r") == info.npos};
}

// Whether a block that may be a list, or inside one, goes on with this row.
bool may_belong_to_list(std::string_view row) {
  auto c = row[0];
  if (c == ' ' || c == '\t' || c == '-' || c == '*' || c == '+')
    return true;
  auto digits = row.find_first_not_of("0123456789");
  return digits != 0 && digits != row.npos && (row[digits] == '.' || row[digits] == ')');
}

} // namespace

std::size_t last_block(std::string_view text) {
  std::size_t begin = 0;
  fence open;
  bool blank = false;
  for (std::size_t at = 0; at < text.size();) {
    auto end = std::min(text.find('\n', at), text.size());
    auto row = text.substr(at, end - at);
    bool empty = row.find_first_not_of(" \t\r") == row.npos;
    // A row that only begins may still become one of a list.
    bool whole = end < text.size() || row.size() > 3;
    if (open.mark == 0 && blank && !empty && whole && !may_belong_to_list(row))
      begin = at;
    if (auto f = fence_of(row); f.mark != 0) {
      if (open.mark == 0)
        open = f;
      else if (f.mark == open.mark && f.length >= open.length && f.bare)
        open = {};
    }
    blank = empty;
    at = end + 1;
  }
  return begin;
}

void growing_markdown::reset() {
  size_ = over_ = rows_of_over_ = 0;
  rows_.clear();
}

const lines& growing_markdown::rows(std::string_view text, std::size_t columns) {
  if (columns != columns_ || text.size() < size_)
    reset();
  else if (text.size() == size_ && size_ > 0)
    return rows_;
  columns_ = columns;
  size_ = text.size();
  rows_.resize(rows_of_over_);
  auto add = [&](std::string_view part) {
    auto fresh = markdown_lines(part, columns);
    if (!rows_.empty() && !fresh.empty())
      rows_.emplace_back();
    rows_.insert(rows_.end(), fresh.begin(), fresh.end());
  };
  if (auto begin = last_block(text.substr(over_)); begin > 0) {
    add(text.substr(over_, begin));
    over_ += begin;
    rows_of_over_ = rows_.size();
  }
  add(text.substr(over_));
  return rows_;
}

} // namespace conductor::cli
