#pragma once

#include "adapters/cli/screen/text.hpp"

#include <cstddef>
#include <vector>

namespace conductor::cli {

/// Cells by row; the first row is the head.
using table_cells = std::vector<std::vector<line>>;

/// A table of Markdown in rows of at most `columns`: cells are broken where it is wider.
lines table_rows(const table_cells& cells, std::size_t columns);

} // namespace conductor::cli
