#pragma once

#include "adapters/cli/markdown/table_rows.hpp"
#include "adapters/cli/screen/text.hpp"

#include <md4c.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conductor::cli {

/// What stands before the rows of a block: the first time, and then.
struct margin {
  line first, rest;
};

/// Hears from md4c of the blocks and spans of `source`, which must stay, and lays them
/// out in rows of at most `columns`.
class markdown_layout {
public:
  markdown_layout(std::size_t columns, std::string_view source)
      : source_(source), columns_(std::max<std::size_t>(columns, 4)) {}

  void enter(MD_BLOCKTYPE type, void* detail);
  void leave(MD_BLOCKTYPE type);
  void enter(MD_SPANTYPE type, void* detail);
  void leave(MD_SPANTYPE type);
  void text(MD_TEXTTYPE type, const char* what, std::size_t size);
  lines rows() { return std::move(rows_); }

private:
  std::string_view inside(const char* text, std::size_t size) const;
  style look() const;
  std::size_t room() const;
  void put(const line& row);
  void end_row();
  void gap();
  void push(margin m) { margins_.push_back(std::move(m)); }
  void code();

  std::string_view source_;
  std::size_t columns_;
  lines rows_;
  line row_;
  std::vector<margin> margins_;
  std::vector<unsigned> numbers_; // of the lists around; 0: not numbered
  std::vector<std::string> links_;
  unsigned strong_ = 0, weak_ = 0, deleted_ = 0, coded_ = 0, heading_ = 0;
  bool gap_ = false, in_code_ = false, in_cell_ = false;
  std::string code_, language_;
  table_cells table_;
};

} // namespace conductor::cli
