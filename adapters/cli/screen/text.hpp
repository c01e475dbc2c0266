#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conductor::cli {

/// What a piece of text is, for the eye; the screen chooses the colour.
enum class tone : unsigned char {
  plain,
  faint,
  head,
  good,
  warn,
  bad,
  accent,
  code,
  you
};

struct style {
  tone colour = tone::plain;
  bool bold = false, italic = false, underline = false, reverse = false;
  bool operator==(const style&) const = default;
};

struct span {
  std::string text;
  style look = {};
  bool operator==(const span&) const = default;
};

/// One row of a screen, from its left edge, and several.
using line = std::vector<span>;
using lines = std::vector<line>;

/// `text` as it may stand in one row of a terminal, whoever wrote it: without controls,
/// line feeds, marks of direction and characters that take no room; a tab is four spaces,
/// what is no UTF-8 is U+FFFD, and at most two marks stand on one character.
std::string cleaned(std::string_view text);

/// A cleaned piece of text.
span piece(std::string_view text, style look = {});

/// Columns that it takes.
std::size_t width_of(const line& l);

/// Exactly `columns` wide: padded, or cut with an ellipsis.
line fitted(line l, std::size_t columns);
std::string fitted(std::string_view text, std::size_t columns);

/// Rows of a help: keys, in so many columns, and what each does.
lines key_rows(const std::vector<std::pair<const char*, const char*>>& keys,
               std::size_t columns);

/// Two of them side by side: the left one exactly `columns` wide.
line beside(line left, std::size_t columns, const line& right);

/// Both at the edges of `columns`; the right one gives way.
line spread(line left, line right, std::size_t columns);

/// Broken between words so that no row is wider than `columns` (at least 1), a longer
/// word wherever needed. Never empty.
lines wrapped(const line& l, std::size_t columns);

/// Broken wherever it is as wide as `columns` (at least 1); spaces stay. Never empty.
lines chopped(const line& l, std::size_t columns);

/// Puts text behind a row, into its last piece where that looks the same.
void append(line& to, std::string_view text, const style& look);

/// The text alone, for a file or a test; without the spaces at its end.
std::string plain(const line& l);
std::string plain(const lines& all);

/// `text` with every place where `what` stands, in upper or lower case, in reverse.
line marked(const line& text, std::string_view what);

/// Whether `what` stands in `text`, letters of ASCII in either case.
bool holds(std::string_view text, std::string_view what);

} // namespace conductor::cli
