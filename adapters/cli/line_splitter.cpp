#include "adapters/cli/line_splitter.hpp"

#include "adapters/cli/failure.hpp"

#include <utility>

namespace conductor::cli {

namespace {

void hand_over(std::string_view line, const line_splitter::sink& sink) {
  if (!line.empty() && line.back() == '\r')
    line.remove_suffix(1);
  if (!line.empty())
    sink(line);
}

} // namespace

void line_splitter::feed(std::string_view bytes, const sink& line) {
  while (!bytes.empty()) {
    auto end = bytes.find('\n');
    auto piece = bytes.substr(0, end);
    if (rest_.size() + piece.size() > limit_)
      throw failure("a record is longer than " + std::to_string(limit_) + " bytes");
    if (end == std::string_view::npos) {
      rest_.append(piece);
      return;
    }
    bytes.remove_prefix(end + 1);
    if (rest_.empty()) {
      hand_over(piece, line);
    } else {
      rest_.append(piece);
      auto whole = std::exchange(rest_, {});
      hand_over(whole, line);
    }
  }
}

void line_splitter::finish(const sink& line) {
  auto whole = std::exchange(rest_, {});
  hand_over(whole, line);
}

} // namespace conductor::cli
