#pragma once

#include "adapters/cli/screen/text.hpp"

#include <cstddef>
#include <string_view>

namespace conductor::cli {

/// A text in Markdown, as GitHub has it, as rows of at most `columns`. HTML is shown as
/// it stands; what is not closed yet is shown as far as it is there.
lines markdown_lines(std::string_view text, std::size_t columns);

/// The rows of a Markdown text that grows. Blocks that are over are laid out once, only
/// the last one anew with each piece.
class growing_markdown {
public:
  /// The rows of `text`, which begins with what it was the last time, or reset() was
  /// called since.
  const lines& rows(std::string_view text, std::size_t columns);

  void reset();

private:
  std::size_t columns_ = 0;
  std::size_t size_ = 0;                    ///< of the text, last time
  std::size_t over_ = 0, rows_of_over_ = 0; ///< bytes of blocks that are over, their rows
  lines rows_;
};

/// Where the last block begins of a text that itself begins with a block: what stands
/// before will not change, whatever follows. 0: there is but one.
std::size_t last_block(std::string_view text);

} // namespace conductor::cli
