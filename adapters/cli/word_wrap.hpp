#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace conductor::cli {

/// Breaks lines between words while text still arrives, as `ollama run` does: characters
/// are shown at once, and a word that would cross the margin (five columns before the
/// edge) is taken back with the cursor and written again on the next line. Unlike there,
/// a word too long to move is left to the terminal and shown once.
class word_wrap {
public:
  /// What to write to a terminal of `columns` for the next piece of text.
  std::string push(std::string_view text, unsigned columns);

private:
  std::size_t column_ = 0;     // of the cursor
  std::string word_;           // shown of the current word
  std::size_t word_width_ = 0; // its columns
};

} // namespace conductor::cli
