#pragma once

#include "adapters/cli/screen/key.hpp"
#include "adapters/cli/screen/screen.hpp"
#include "adapters/cli/screen/text.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::cli {

/// A text that is being typed, of one row or several, with what was typed before it.
class editor {
public:
  explicit editor(bool many_rows = true) : many_rows_(many_rows) {}

  /// Does what the key says. False: it means nothing here.
  bool press(const key& k);

  std::string text() const;
  void set(std::string_view text); ///< the cursor behind it
  bool empty() const { return text_.empty(); }

  /// Empties it and keeps what stood there for the keys up and down.
  std::string taken();

  /// The rows that are seen of it, at most `rows`, each at most `columns` wide, and the
  /// cursor in them.
  lines view(std::size_t columns, std::size_t rows, cursor& at) const;

private:
  bool edit(const key& k);
  void insert(std::string_view text);
  std::size_t row_start(std::size_t at) const;
  std::size_t row_end(std::size_t at) const;
  std::size_t word_left() const;
  std::size_t word_right() const;
  void erase(std::size_t from, std::size_t to);
  bool go_row(int by);
  bool go_history(int by);

  bool many_rows_;
  std::u32string text_;
  std::size_t at_ = 0;
  std::vector<std::string> history_;
  std::size_t recalled_ = 0; ///< one behind the last: the text that was being typed
  std::string draft_;
};

} // namespace conductor::cli
