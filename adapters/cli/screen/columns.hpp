#pragma once

#include "adapters/cli/screen/text.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace conductor::cli {

/// A column of a table that has to fit a screen.
struct column {
  std::string head;
  unsigned rank = 0;      ///< where there is no room, the largest goes first
  std::size_t least = 4;  ///< it may be made so narrow
  std::size_t most = 200; ///< it is never wider
  bool right = false;     ///< numbers
};

/// Rows of cells as rows of a screen, the head first. The columns are as wide as what
/// they hold, narrower or left out where `width` asks for it.
lines laid_out(const std::vector<column>& columns,
               const std::vector<std::vector<span>>& rows, std::size_t width);

} // namespace conductor::cli
