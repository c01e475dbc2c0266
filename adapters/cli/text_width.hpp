#pragma once

#include <cstddef>
#include <string_view>

namespace conductor::cli {

/// One character of UTF-8 text: its bytes and the columns it takes on a terminal. A byte
/// that is no UTF-8 counts as one character of one column.
struct character {
  std::string_view bytes;
  char32_t code = 0;
  unsigned width =
      0; ///< 0 for combining marks and controls, 2 for East Asian wide and emoji
};

/// Takes the first character off `text`, which must not be empty.
character next_character(std::string_view& text);

/// Columns that `text` takes.
std::size_t text_width(std::string_view text);

} // namespace conductor::cli
