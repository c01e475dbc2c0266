#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace conductor::cli {

using row = std::vector<std::string>;

/// Columns of left-aligned text, each followed by four spaces, the last one too, as
/// Ollama lays out its lists. A cell wider than `cell_limit` is broken between words.
std::string table(const std::vector<row>& rows, std::size_t cell_limit = 30);

/// `text` in lines of at most `limit` columns, evenly filled; a longer word makes them
/// all as long as that word. Runs of spaces stay.
std::vector<std::string> broken_lines(const std::string& text, std::size_t limit);

} // namespace conductor::cli
