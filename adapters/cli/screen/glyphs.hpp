#pragma once

#include "adapters/cli/text_width.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace conductor::cli {

/// A character as a terminal of this process's locale shows it.
struct drawn_character {
  wchar_t code = L'?';
  unsigned width = 1;
  bool takes_marks = false; ///< else those that stand on it are left out
};

/// `c` itself where the C library shows it in as many columns as it takes; else what is
/// nearest: a line for a line, a letter for an arrow, or `?`.
drawn_character shown_as(const character& c, bool unicode);

/// A bar of `columns` for a share of 0 to 1, in eighths of a column.
std::string bar(double share, std::size_t columns);

/// The last `columns` of the values, each as high as its share of `top`; 0: of the
/// largest.
std::string spark(const std::vector<double>& values, std::size_t columns, double top = 0);

} // namespace conductor::cli
